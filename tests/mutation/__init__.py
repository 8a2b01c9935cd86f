"""The mutation run: each guard of the program dropped once, and who notices (`make mutate`)."""
