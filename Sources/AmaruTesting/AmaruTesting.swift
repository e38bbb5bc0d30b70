// AmaruTesting
