// AmaruHTTP
