"""Small local servers that stand for Discord, Gemini and Replicate: real sockets, real clients, no network."""
