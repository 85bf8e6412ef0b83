import sys

print("stopping")
sys.exit("bad input")
