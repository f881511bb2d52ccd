"""Geometry of shapes, by shapely: imported only by a request that carries one."""
