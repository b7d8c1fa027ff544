// SPDX-License-Identifier: BSD-3-Clause
// esme: an ESME on npm "smpp".  node esme.js JOB.json
// JOB: { host, port, window, log, messages: [{ dst, dc, esm, hex, payload }], mo, odd }
// mo: how many deliver_sm to wait for. odd: PDUs are written in odd pieces.
// Exit: 0 all answered and unbound by hand, 3 the session was closed, 4 it stalled.
const fs = require('fs'), smpp = require('smpp'), { record } = require('./record');
const job = JSON.parse(fs.readFileSync(process.argv[2]));
const log = fs.openSync(job.log, 'a');
const PIECE = 7, STALL_MS = 30000;
let expected = false, delivered = 0, beats = 0;

const end = (code, why) => {
	if (why)
		console.error(why);
	process.exit(code);
};
const call = (session, name, fields) => new Promise(done => session[name](fields || {}, done));
const pause = ms => new Promise(done => setTimeout(done, ms));

// Cuts what node-smpp writes into pieces, each a segment of its own.
const in_pieces = socket => {
	const write = socket.write, queue = [];
	let busy = false;
	const pump = () => {
		busy = queue.length > 0;
		if (busy) {
			write.call(socket, queue.shift());
			setTimeout(pump, 1);
		}
	};
	socket.setNoDelay(true);
	socket.write = octets => {
		for (let i = 0; i < octets.length; i += PIECE * (1 + i % 5))
			queue.push(octets.subarray(i, i + PIECE * (1 + i % 5)));
		if (!busy)
			pump();
		return true;
	};
};

const fields_of = m => {
	const octets = Buffer.from(m.hex, 'hex');
	const fields = {
		source_addr_ton: 5, source_addr: 'E2E', dest_addr_ton: 1, dest_addr_npi: 1,
		destination_addr: m.dst, data_coding: m.dc, esm_class: m.esm,
		registered_delivery: 0, short_message: m.payload ? Buffer.alloc(0) : octets,
	};
	if (m.payload)
		fields.message_payload = octets;
	return fields;
};

const send_all = session => new Promise(done => {
	let next = 0, out = 0;
	const go = () => {
		while (out < job.window && next < job.messages.length) {
			out++;
			session.submit_sm(fields_of(job.messages[next++]), () => {
				out--;
				if (next < job.messages.length)
					go();
				else if (out === 0)
					done();
			});
			if (next % 25 === 0)
				session.enquire_link({}, () => beats++);
		}
	};
	go();
});

setTimeout(() => end(4, 'stalled'), STALL_MS);
const session = smpp.connect({ host: job.host, port: job.port }, async () => {
	if (job.odd)
		in_pieces(session.socket);
	record(session, log, 1);
	const bind = await call(session, 'bind_transceiver',
		{ system_id: 'e2e', password: 'secret', interface_version: 0x34 });
	if (bind.command_status !== 0)
		end(1, 'bind: ' + bind.command_status);
	await send_all(session);
	while (delivered < (job.mo || 0))
		await pause(10);
	await call(session, 'enquire_link');
	await call(session, 'unbind');
	expected = true;
	session.close(() => end(0));
});
session.on('deliver_sm', pdu => {
	delivered++;
	session.send(pdu.response());
});
session.on('enquire_link', pdu => session.send(pdu.response()));
session.on('error', error => end(3, error.message));
session.on('close', () => expected || end(3, 'closed by the far end'));
