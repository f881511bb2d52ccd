"""Files of parcels, read by GDAL, PROJ and GEOS: imported only by the function that reads them."""
