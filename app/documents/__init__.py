"""Official documents 文书: what they are, sealing, rendering, and the case file 卷宗."""
