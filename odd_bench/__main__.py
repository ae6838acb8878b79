"""`python -m odd_bench` runs `odd-bench`."""

from odd_bench.cli import main

if __name__ == "__main__":
    main()
