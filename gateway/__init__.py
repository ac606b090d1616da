"""The only public door: who may ask what, where it is asked, and the record that it was asked."""
