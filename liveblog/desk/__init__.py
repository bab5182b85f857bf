"""The live desk: one page inside the admin where editors write, publish and keep the queues."""
