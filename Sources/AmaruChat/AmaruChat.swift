// AmaruChat
