"""Images with noun phrases: SA-Co as downloaded, and category names of other annotations as phrases."""
