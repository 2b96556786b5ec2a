DROP TABLE village_maps;
