"""What answers student code's doubles while a question runs. Trusted side."""
