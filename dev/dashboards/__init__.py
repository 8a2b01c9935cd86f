"""Dashboards for Grafana as data, and the files that the program puts into ConfigMaps."""
