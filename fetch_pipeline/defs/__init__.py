"""Dagster's side: assets, checks, jobs, resources. The only room that imports Dagster."""
