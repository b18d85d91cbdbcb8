"""One file per framework; each answers the workloads whose requests `benchmarks.workloads` lists."""
