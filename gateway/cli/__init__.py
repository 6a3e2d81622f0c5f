"""Takes: the command line.

Gives: data on stdout, talk on stderr, a documented exit code.
Fails: with an error's diagnostics and the code of its kind; a traceback only for our own bugs.
Trusts: the operator who typed.
"""
