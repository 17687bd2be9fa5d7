"""`python -m web` is `gorewatch`."""

from .cli import main

if __name__ == "__main__":
    main()
