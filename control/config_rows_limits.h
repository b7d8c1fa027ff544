/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config_rows_limits: the rows of the group limits, for the one table of config_keys.c, which
 * includes this file where they stand. No header: nobody else includes it.
 */
/* clang-format off */
	{ .path = "limits.keys",
		TOP(pipeline.limits.cells),
		.type = CONFIG_INT,
		.min = 64,
		.max = 16777216,
		.unit = "keys",
		.initial = "1048576",
		.help = "Keys of limits of kind rate and grey that are counted at once, 16 octets each, for "
			"all workers. Of more, those go that would be at rest soonest: counted as "
			"forgotten; keys that the policy names stay." },
	{ .path = "limits.distinct_keys",
		TOP(pipeline.limits.distinct_keys),
		.type = CONFIG_INT,
		.min = 8,
		.max = 4194304,
		.unit = "keys",
		.initial = "16384",
		.help = "The same of limits of kind distinct, 1040 octets each." },
	{ .path = "limits.ratio_keys",
		TOP(pipeline.limits.ratio_keys),
		.type = CONFIG_INT,
		.min = 8,
		.max = 16777216,
		.unit = "keys",
		.initial = "65536",
		.help = "The same of limits of kind ratio, 80 octets each." },
	{ .path = "limits.state",
		TOP(limits_keep),
		.type = CONFIG_ENUM,
		.choices = limit_states,
		.initial = "\"forget\"",
		.help = "What becomes of the counts when the daemon ends (a push keeps them always). forget: a "
			"restart begins anew. keep: they are written to limits.state of control.state_dir, "
			"mode 0600: hashes of keys, and the key of the hash; no number or name is in it." },
	{ .path = "limits.save_s",
		TOP(limits_save_s),
		.type = CONFIG_INT,
		.min = 1,
		.max = 86400,
		.unit = "s",
		.initial = "60",
		.help = "With state = \"keep\": they are written this often, too, for the case that the daemon "
			"does not end by itself." },
