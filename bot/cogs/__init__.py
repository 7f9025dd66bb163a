"""Commands and the answers to buttons and forms: translate, call, show. Cogs do not know each other."""
