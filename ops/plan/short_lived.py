"""To be imported first by a command's `__main__`, and by nothing else.

Its process makes a plan or a few and ends. Looking for garbage in the SDKs' many classes, and in
what a run of the program leaves behind, takes a fifth of its time; without it a plan takes 10 MB
more.
"""

import gc

gc.disable()
