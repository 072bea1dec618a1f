"""What people see: texts and pictures made of plain values."""
