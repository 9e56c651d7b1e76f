"""What development needs and an installation does not: private servers, example data, workloads, comparisons."""
