BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE alert_details (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	session_id INTEGER NOT NULL, 
	tile_run_id INTEGER NOT NULL, 
	image_id INTEGER NOT NULL, 
	reference_id INTEGER NOT NULL, 
	mask_key VARCHAR(191), 
	overlay_key VARCHAR(191), 
	change_log JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT fk_alert_details_image_id FOREIGN KEY(image_id) REFERENCES image_tiles (id), 
	CONSTRAINT fk_alert_details_session_id FOREIGN KEY(session_id) REFERENCES alert_sessions (id), 
	CONSTRAINT fk_alert_details_tile_run_id FOREIGN KEY(tile_run_id) REFERENCES session_tiles (id), 
	CONSTRAINT uq_alert_details_tile_run_id UNIQUE (tile_run_id)
);
INSERT INTO "alert_details" VALUES(1,3,4,4,1,'1/3-17-96788-57975-mask-cfd0e1c3a038d6cdacb5d21982561a05.png','1/3-17-96788-57975-overlay-497931dad1986468bb4a72321e146fac.png','{"changed": true, "change_percent": 19.289, "message": "699 m2 changed in 1 place", "severity": "high", "changed_area_m2": 699.0, "regions": [{"area_m2": 699.0, "score": 0.988, "severity": "high", "bounds": [85.8385205, 20.325241, 85.8388156, 20.3254673], "centroid": [85.8386663, 20.325356], "outline": {"type": "Polygon", "coordinates": [[[85.8387928, 20.325456], [85.8387847, 20.325456], [85.8387767, 20.3254661], [85.8386667, 20.3254661], [85.838664, 20.325461], [85.8385701, 20.325461], [85.8385433, 20.325451], [85.8385326, 20.3254409], [85.8385326, 20.3254283], [85.8385219, 20.3254208], [85.8385219, 20.3253076], [85.8385272, 20.3253051], [85.8385272, 20.3252875], [85.838538, 20.3252623], [85.8385701, 20.3252473], [85.8386479, 20.3252473], [85.8386506, 20.3252422], [85.8386748, 20.3252422], [85.8386774, 20.3252473], [85.8387659, 20.3252473], [85.8387874, 20.3252573], [85.8388035, 20.3252875], [85.8388035, 20.3253453], [85.8388089, 20.3253479], [85.8388089, 20.3253906], [85.8388142, 20.3253931], [85.8388089, 20.3254258], [85.8387928, 20.325456]]]}, "older_pictures": 0, "held_against": 0, "confirmed": false}], "ignored": [], "gsd_m": 0.56, "smallest_change_m2": 25.1, "clear_share": 1.0, "detector": "classic-4"}','2026-11-25 22:03:14.448807');
CREATE TABLE alert_sessions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	area_id INTEGER NOT NULL, 
	open_area_id INTEGER, 
	slot_at DATETIME, 
	cause VARCHAR(16) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	reason VARCHAR(500), 
	started_at DATETIME NOT NULL, 
	deadline_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	tiles_planned INTEGER NOT NULL, 
	summary JSON, 
	is_notification_sent BOOLEAN NOT NULL, 
	CONSTRAINT fk_alert_sessions_area_id FOREIGN KEY(area_id) REFERENCES area_configs (id), 
	CONSTRAINT uq_alert_sessions_area_id_slot_at UNIQUE (area_id, slot_at), 
	CONSTRAINT uq_alert_sessions_open_area_id UNIQUE (open_area_id)
);
INSERT INTO "alert_sessions" VALUES(1,1,NULL,NULL,'REQUESTED','COMPLETED_NO_CHANGES',NULL,'2026-11-25 22:03:13.356384','2026-11-26 04:03:13.356384','2026-11-25 22:03:13.598500',2,'{"counts": {"BASELINE": 2}, "severity": null, "clear_share": 1.0, "newest_captured_at": "2025-03-10T05:30:00+00:00", "failures": []}',0);
INSERT INTO "alert_sessions" VALUES(2,2,NULL,NULL,'REQUESTED','COMPLETED_NO_CHANGES',NULL,'2026-11-25 22:03:13.790744','2026-11-26 04:03:13.790744','2026-11-25 22:03:13.847664',1,'{"counts": {"BASELINE": 1}, "severity": null, "clear_share": 1.0, "newest_captured_at": "2025-03-10T05:30:00+00:00", "failures": []}',0);
INSERT INTO "alert_sessions" VALUES(3,1,NULL,NULL,'REQUESTED','COMPLETED_CHANGES_DETECTED',NULL,'2026-11-25 22:03:14.159959','2026-11-26 04:03:14.159959','2026-11-25 22:03:14.448807',2,'{"counts": {"CHANGED": 1, "NO_CHANGE": 1}, "severity": "high", "clear_share": 1.0, "newest_captured_at": "2025-06-02T05:30:00+00:00", "failures": []}',1);
INSERT INTO "alert_sessions" VALUES(4,1,NULL,NULL,'REQUESTED','COMPLETED_NO_CHANGES',NULL,'2026-11-25 22:03:14.541015','2026-11-26 04:03:14.541015','2026-11-25 22:03:14.566042',2,'{"counts": {"NO_NEW_IMAGERY": 2}, "severity": null, "clear_share": null, "newest_captured_at": "2025-06-02T05:30:00+00:00", "failures": []}',0);
INSERT INTO "alert_sessions" VALUES(5,3,NULL,NULL,'REQUESTED','COMPLETED_NO_CHANGES',NULL,'2026-11-25 22:03:14.658444','2026-11-26 04:03:14.658444','2026-11-25 22:03:14.717916',1,'{"counts": {"BASELINE": 1}, "severity": null, "clear_share": 1.0, "newest_captured_at": "2025-06-02T05:30:00+00:00", "failures": []}',0);
CREATE TABLE area_configs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user_id INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	center_lat DOUBLE NOT NULL, 
	center_lon DOUBLE NOT NULL, 
	north_km DOUBLE NOT NULL, 
	south_km DOUBLE NOT NULL, 
	east_km DOUBLE NOT NULL, 
	west_km DOUBLE NOT NULL, 
	provider VARCHAR(32) NOT NULL, 
	zoom INTEGER NOT NULL, 
	tile_px INTEGER NOT NULL, 
	margin_px INTEGER NOT NULL, 
	cadence_hours INTEGER NOT NULL, 
	min_changed_area_m2 DOUBLE NOT NULL, 
	min_clear_share DOUBLE NOT NULL, 
	next_due_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, sensitivity VARCHAR(8) DEFAULT 'normal' NOT NULL, 
	CONSTRAINT fk_area_configs_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "area_configs" VALUES(1,1,'Village',2.03253113872671704594e+01,8.583892822265625e+01,0.03,0.03,0.06,0.06,'archive',17,512,64,8760,400.0,0.3,'2027-11-25 22:03:14.541015','2026-11-25 22:03:13.257785',NULL,'high');
INSERT INTO "area_configs" VALUES(2,2,'Field',2.03253113872671704594e+01,8.5845794677734375e+01,0.03,0.03,0.06,0.06,'archive',17,512,64,8760,25.0,0.3,'2027-11-25 22:03:13.790744','2026-11-25 22:03:13.305980',NULL,'normal');
INSERT INTO "area_configs" VALUES(3,2,'Given up',2.03253113872671704594e+01,8.5845794677734375e+01,0.03,0.03,0.06,0.06,'archive',17,512,64,8760,25.0,0.3,'2027-11-25 22:03:14.658444','2026-11-25 22:03:14.649326','2026-11-25 22:03:15.064758','normal');
CREATE TABLE chores (
	name VARCHAR(64) NOT NULL, 
	next_due_at DATETIME NOT NULL, 
	cursor VARCHAR(191) NOT NULL, 
	CONSTRAINT pk_chores PRIMARY KEY (name)
);
INSERT INTO "chores" VALUES('orphans','2026-11-26 04:03:12.956443','');
CREATE TABLE comparisons (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	image_id INTEGER NOT NULL, 
	reference_id INTEGER NOT NULL, 
	detector VARCHAR(64) NOT NULL, 
	thresholds VARCHAR(64) NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, ignored JSON, 
	CONSTRAINT fk_comparisons_image_id FOREIGN KEY(image_id) REFERENCES image_tiles (id), 
	CONSTRAINT uq_comparisons_image_id_reference_id_detector_thresholds UNIQUE (image_id, reference_id, detector, thresholds)
);
INSERT INTO "comparisons" VALUES(1,5,2,'classic-4','400/0.3/high','NO_CHANGE','2026-11-25 22:03:14.443870','[{"area_m2": 99.7, "score": 0.978, "bounds": [85.8392072, 20.3252208, 85.8393091, 20.3253215], "centroid": [85.8392571, 20.3252722], "outline": {"type": "Polygon", "coordinates": [[[85.83923, 20.3253202], [85.8392085, 20.3253001], [85.8392085, 20.3252473], [85.8392461, 20.3252221], [85.8392809, 20.3252221], [85.8393024, 20.3252422], [85.8393024, 20.3252548], [85.8393078, 20.3252573], [85.8393024, 20.3253001], [85.8392809, 20.3253202], [85.83923, 20.3253202]]]}, "older_pictures": 0, "held_against": 0, "reason": "below size"}]');
INSERT INTO "comparisons" VALUES(2,4,1,'classic-4','400/0.3/high','CHANGED','2026-11-25 22:03:14.448807','[]');
CREATE TABLE deliveries (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	session_id INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	address TEXT NOT NULL, 
	address_hash VARCHAR(64) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	attempts INTEGER NOT NULL, 
	lease_until DATETIME, 
	detail VARCHAR(500) NOT NULL, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	CONSTRAINT fk_deliveries_session_id FOREIGN KEY(session_id) REFERENCES alert_sessions (id), 
	CONSTRAINT uq_deliveries_session_id_address_hash UNIQUE (session_id, address_hash)
);
INSERT INTO "deliveries" VALUES(1,3,'token','asha-phone','d0e194f513adec6719c14f0adffd51da16a08ec888cb411ac7df1db671250b17','SENT',1,NULL,'recorded only','2026-11-25 22:03:14.466802','2026-11-25 22:03:14.474705');
INSERT INTO "deliveries" VALUES(2,3,'token','asha-tablet','22449911cb7d9a0d56e31b77662426f41b7824db1a61265d4aed7c0d697c6a4a','SENT',1,NULL,'recorded only','2026-11-25 22:03:14.466802','2026-11-25 22:03:14.474705');
INSERT INTO "deliveries" VALUES(3,3,'topic','bhuprahari','770474fdd426a9b8841bdcc24028923484bd87fb5eb29d59f23079bd81303fa4','SENT',1,NULL,'recorded only','2026-11-25 22:03:14.466802','2026-11-25 22:03:14.474705');
CREATE TABLE devices (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user_id INTEGER NOT NULL, 
	token TEXT NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	platform VARCHAR(20) NOT NULL, 
	created_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT fk_devices_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_devices_token_hash UNIQUE (token_hash)
);
INSERT INTO "devices" VALUES(1,1,'asha-phone','6ab1f64b75026002c9fb5372da708ab22ab05e4c4d99666dedbea197ef078ffc','android','2026-11-25 22:03:13.189315','2026-11-25 22:03:13.189315');
INSERT INTO "devices" VALUES(2,1,'asha-tablet','57b146dbb2ef68f96cea877ecffdff89438acbe99daa150b2b80e876171bed07','ios','2026-11-25 22:03:13.196788','2026-11-25 22:03:13.196788');
CREATE TABLE image_tiles (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	area_id INTEGER NOT NULL, 
	session_id INTEGER NOT NULL, 
	tile_run_id INTEGER NOT NULL, 
	z INTEGER NOT NULL, 
	x INTEGER NOT NULL, 
	y INTEGER NOT NULL, 
	tile_px INTEGER NOT NULL, 
	margin_px INTEGER NOT NULL, 
	provider VARCHAR(32) NOT NULL, 
	scene_id VARCHAR(255) NOT NULL, 
	captured_at DATETIME, 
	fetched_at DATETIME NOT NULL, 
	taken_at DATETIME NOT NULL, 
	object_key VARCHAR(191) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	attribution VARCHAR(500) NOT NULL, 
	clear_share DOUBLE NOT NULL, 
	is_usable BOOLEAN NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	compared_at DATETIME, 
	CONSTRAINT fk_image_tiles_session_id FOREIGN KEY(session_id) REFERENCES alert_sessions (id), 
	CONSTRAINT fk_image_tiles_tile_run_id FOREIGN KEY(tile_run_id) REFERENCES session_tiles (id), 
	CONSTRAINT uq_image_tiles_object_key UNIQUE (object_key), 
	CONSTRAINT uq_image_tiles_tile_run_id UNIQUE (tile_run_id)
);
INSERT INTO "image_tiles" VALUES(1,1,1,1,17,96788,57975,512,64,'archive','march-0','2025-03-10 05:30:00.000000','2026-11-25 22:03:13.565973','2025-03-10 05:30:00.000000','1/1-17-96788-57975-image-892d14a8f74a9d46003cf09e577fac2d.png','892d14a8f74a9d46003cf09e577fac2decf1326c5af1064fbffddc2971db7429',21798,'Archive',1.0,1,'CAPTURED',NULL);
INSERT INTO "image_tiles" VALUES(2,1,1,2,17,96789,57975,512,64,'archive','march-0','2025-03-10 05:30:00.000000','2026-11-25 22:03:13.598486','2025-03-10 05:30:00.000000','1/1-17-96789-57975-image-6afc705ec7560029b51c0f11649052aa.png','6afc705ec7560029b51c0f11649052aa48ed43c2dad4ab055ae7d86db65bf403',22251,'Archive',1.0,1,'CAPTURED',NULL);
INSERT INTO "image_tiles" VALUES(3,2,2,3,17,96791,57975,512,64,'archive','march-1','2025-03-10 05:30:00.000000','2026-11-25 22:03:13.847650','2025-03-10 05:30:00.000000','2/2-17-96791-57975-image-178baaa272a7a7f90367aac62f380b7f.png','178baaa272a7a7f90367aac62f380b7faf729a27d4e2a8ce2eeb0dff932f4392',26311,'Archive',1.0,1,'CAPTURED',NULL);
INSERT INTO "image_tiles" VALUES(4,1,3,4,17,96788,57975,512,64,'archive','june-0','2025-06-02 05:30:00.000000','2026-11-25 22:03:14.242488','2025-06-02 05:30:00.000000','1/3-17-96788-57975-image-6020f8de83cf1a1baaab5e57b5b55749.png','6020f8de83cf1a1baaab5e57b5b5574972fd6cd88adb9cb0c6e0ffd3cf12cf19',21436,'Archive',1.0,1,'CHANGED','2026-11-25 22:03:14.448807');
INSERT INTO "image_tiles" VALUES(5,1,3,5,17,96789,57975,512,64,'archive','june-0','2025-06-02 05:30:00.000000','2026-11-25 22:03:14.265671','2025-06-02 05:30:00.000000','1/3-17-96789-57975-image-92a4c764a180593dba6767d15dc1b9d0.png','92a4c764a180593dba6767d15dc1b9d00e558aefb65fc965101d28c5e06104cb',21775,'Archive',1.0,1,'NO_CHANGE','2026-11-25 22:03:14.443870');
INSERT INTO "image_tiles" VALUES(6,3,5,8,17,96791,57975,512,64,'archive','june-1','2025-06-02 05:30:00.000000','2026-11-25 22:03:14.717896','2025-06-02 05:30:00.000000','3/5-17-96791-57975-image-178baaa272a7a7f90367aac62f380b7f.png','178baaa272a7a7f90367aac62f380b7faf729a27d4e2a8ce2eeb0dff932f4392',26311,'Archive',1.0,1,'CAPTURED',NULL);
CREATE TABLE outbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	queue VARCHAR(16) NOT NULL, 
	body TEXT NOT NULL, 
	session_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	available_at DATETIME NOT NULL, 
	receives INTEGER NOT NULL, 
	reason VARCHAR(500) NOT NULL, 
	dead_at DATETIME
);
CREATE TABLE refresh_tokens (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sign_in_id INTEGER NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT fk_refresh_tokens_sign_in_id FOREIGN KEY(sign_in_id) REFERENCES sign_ins (id), 
	CONSTRAINT uq_refresh_tokens_token_hash UNIQUE (token_hash)
);
INSERT INTO "refresh_tokens" VALUES(1,1,'b133c57d563540647e54bcc0a29fc0c5725001c6981f49273689cae58a397f70','2027-02-23 22:03:13.032806',NULL);
INSERT INTO "refresh_tokens" VALUES(2,2,'b5bd875e61657383a66b4e90c23d5ca67c275a0fb1e8707067bdf8cbde63aed4','2027-02-23 22:03:13.142581',NULL);
INSERT INTO "refresh_tokens" VALUES(3,3,'8eb9e984439f2e23a621a5a6618a1c7dcfccb9876ebcf59a6d81c068e64b7623','2027-02-23 22:03:15.101442',NULL);
INSERT INTO "refresh_tokens" VALUES(4,4,'e8fb45fcafa08cbc5228344f7e35f2fc4c1682abb28f6358f6c4a705bc6a7415','2027-02-23 22:03:15.149755',NULL);
CREATE TABLE session_tiles (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	session_id INTEGER NOT NULL, 
	z INTEGER NOT NULL, 
	x INTEGER NOT NULL, 
	y INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	verdict VARCHAR(16), 
	reason VARCHAR(500), 
	fence INTEGER NOT NULL, 
	lease_until DATETIME, 
	retry_at DATETIME NOT NULL, 
	image_id INTEGER, 
	reference_id INTEGER, 
	clear_share DOUBLE, 
	ended_at DATETIME, 
	CONSTRAINT fk_session_tiles_session_id FOREIGN KEY(session_id) REFERENCES alert_sessions (id), 
	CONSTRAINT uq_session_tiles_session_id_z_x_y UNIQUE (session_id, z, x, y)
);
INSERT INTO "session_tiles" VALUES(1,1,17,96788,57975,'ENDED','BASELINE',NULL,2,NULL,'2026-11-25 22:05:13.510208',1,NULL,1.0,'2026-11-25 22:03:13.565992');
INSERT INTO "session_tiles" VALUES(2,1,17,96789,57975,'ENDED','BASELINE',NULL,2,NULL,'2026-11-25 22:05:13.511760',2,NULL,1.0,'2026-11-25 22:03:13.598500');
INSERT INTO "session_tiles" VALUES(3,2,17,96791,57975,'ENDED','BASELINE',NULL,2,NULL,'2026-11-25 22:05:13.797863',3,NULL,1.0,'2026-11-25 22:03:13.847664');
INSERT INTO "session_tiles" VALUES(4,3,17,96788,57975,'ENDED','CHANGED',NULL,3,NULL,'2026-11-25 22:05:14.259061',4,1,1.0,'2026-11-25 22:03:14.448807');
INSERT INTO "session_tiles" VALUES(5,3,17,96789,57975,'ENDED','NO_CHANGE',NULL,3,NULL,'2026-11-25 22:05:14.272938',5,2,1.0,'2026-11-25 22:03:14.443870');
INSERT INTO "session_tiles" VALUES(6,4,17,96788,57975,'ENDED','NO_NEW_IMAGERY',NULL,2,NULL,'2026-11-25 22:05:14.552413',4,NULL,NULL,'2026-11-25 22:03:14.560617');
INSERT INTO "session_tiles" VALUES(7,4,17,96789,57975,'ENDED','NO_NEW_IMAGERY',NULL,2,NULL,'2026-11-25 22:05:14.558277',5,NULL,NULL,'2026-11-25 22:03:14.566042');
INSERT INTO "session_tiles" VALUES(8,5,17,96791,57975,'ENDED','BASELINE',NULL,2,NULL,'2026-11-25 22:05:14.666317',6,NULL,1.0,'2026-11-25 22:03:14.717916');
CREATE TABLE sign_ins (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	CONSTRAINT fk_sign_ins_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "sign_ins" VALUES(1,1,'2026-11-25 22:03:13.032806','2027-02-23 22:03:13.032806',NULL);
INSERT INTO "sign_ins" VALUES(2,2,'2026-11-25 22:03:13.142581','2027-02-23 22:03:13.142581',NULL);
INSERT INTO "sign_ins" VALUES(3,1,'2026-11-25 22:03:15.101442','2027-02-23 22:03:15.101442',NULL);
INSERT INTO "sign_ins" VALUES(4,2,'2026-11-25 22:03:15.149755','2027-02-23 22:03:15.149755',NULL);
CREATE TABLE users (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	email VARCHAR(254) NOT NULL, 
	email_key VARCHAR(254) NOT NULL, 
	password_hash VARCHAR(255) NOT NULL, 
	profile VARCHAR(500), 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT uq_users_email_key UNIQUE (email_key)
);
INSERT INTO "users" VALUES(1,'asha@example.org','asha@example.org','$argon2id$v=19$m=19456,t=2,p=1$NJs3TYIShKRRiYurIfp5Rw$g8LojYetRvecg5YhBisRXNhBqfgSBdz0j6aMe/bxPfA','I am asha@example.org','2026-11-25 22:03:13.005514','2026-11-25 22:03:13.005514');
INSERT INTO "users" VALUES(2,'ravi@example.org','ravi@example.org','$argon2id$v=19$m=19456,t=2,p=1$8cEJ0/kdxefx0etxwseqPQ$3dgvQGIGJuJdI3C89+MvHfaokzOMeb0vAlBJxu1xxAk','I am ravi@example.org','2026-11-25 22:03:13.111206','2026-11-25 22:03:13.111206');
CREATE INDEX ix_outbox_queue_dead_at_available_at ON outbox (queue, dead_at, available_at);
CREATE INDEX ix_outbox_session_id ON outbox (session_id);
CREATE INDEX ix_area_configs_next_due_at ON area_configs (next_due_at);
CREATE INDEX ix_area_configs_user_id ON area_configs (user_id);
CREATE INDEX ix_devices_user_id ON devices (user_id);
CREATE INDEX ix_sign_ins_user_id ON sign_ins (user_id);
CREATE INDEX ix_alert_sessions_status_deadline_at ON alert_sessions (status, deadline_at);
CREATE INDEX ix_refresh_tokens_sign_in_id ON refresh_tokens (sign_in_id);
CREATE INDEX ix_session_tiles_state_retry_at ON session_tiles (state, retry_at);
CREATE INDEX ix_image_tiles_area_id_z_x_y_taken_at ON image_tiles (area_id, z, x, y, taken_at);
CREATE INDEX ix_alert_details_mask_key ON alert_details (mask_key);
CREATE INDEX ix_alert_details_overlay_key ON alert_details (overlay_key);
CREATE INDEX ix_alert_details_session_id ON alert_details (session_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('users',2);
INSERT INTO "sqlite_sequence" VALUES('sign_ins',4);
INSERT INTO "sqlite_sequence" VALUES('refresh_tokens',4);
INSERT INTO "sqlite_sequence" VALUES('devices',2);
INSERT INTO "sqlite_sequence" VALUES('area_configs',3);
INSERT INTO "sqlite_sequence" VALUES('alert_sessions',5);
INSERT INTO "sqlite_sequence" VALUES('session_tiles',8);
INSERT INTO "sqlite_sequence" VALUES('outbox',11);
INSERT INTO "sqlite_sequence" VALUES('image_tiles',6);
INSERT INTO "sqlite_sequence" VALUES('comparisons',2);
INSERT INTO "sqlite_sequence" VALUES('alert_details',1);
INSERT INTO "sqlite_sequence" VALUES('deliveries',3);
COMMIT;
