"""The demonstration city: invented people and cases, made by firing real transitions."""
