// Amaru
