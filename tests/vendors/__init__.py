"""The adapters for Gemini and Replicate: the vendors' own clients over real sockets, against local stand-ins."""
