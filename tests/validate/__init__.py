"""Judges of what the program makes: manifests, Helm values, add-on configurations.

`manifest` and `values` need nothing but this repository. `crd` and `full_values` hold the same
things against full third-party files, wherever those are at hand.
"""
