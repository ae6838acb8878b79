"""`python -m odd_bench.cli` is `odd-bench`."""

from odd_bench.cli import main

if __name__ == "__main__":
    main()
