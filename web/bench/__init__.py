"""The benchmarks behind `gorewatch bench`: ratios against a peer or a limit measured in the same run."""
