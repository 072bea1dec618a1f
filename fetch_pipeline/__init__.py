"""From a list of URLs to a table with one row per page, in Dagster."""
