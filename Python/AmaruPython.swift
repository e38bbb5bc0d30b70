// AmaruPython
