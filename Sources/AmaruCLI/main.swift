print("amaru")
