"""What only development needs: private servers, example data, workloads, comparisons."""
