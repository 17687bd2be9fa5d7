"""What is said of something on another machine that does not do what it is asked. Pure."""


def why(error: Exception) -> str:
    """Errors of another process come with its traceback: the last line says what it was."""
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
