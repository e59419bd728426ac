"""What the journey marts say, compared with what really happened in the sandbox company."""
