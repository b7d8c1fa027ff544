// SPDX-License-Identifier: BSD-3-Clause
// esme: an ESME on npm "smpp".  node esme.js JOB.json
// JOB: { host, port, window, log, messages: [{ dst, dc, esm, hex, payload }], mo, odd, nodelay, stall_s, per_s, until }
// mo: how many deliver_sm to wait for. odd: PDUs are written in odd pieces; a number: in pieces of that many octets.
// nodelay: Nagle off. per_s: messages a second at most. until: sends no more once a file of this name is there.
// Prints a document { sent, answered, beats, ms, gap_ms }: time from the first message to the last answer, and the longest
// time without an answer.
// Exit: 0 all answered and unbound by hand, 3 the session was closed, 4 it stalled.
const fs = require('fs'), smpp = require('smpp'), { record } = require('./record');
const job = JSON.parse(fs.readFileSync(process.argv[2]));
const log = fs.openSync(job.log, 'a');
smpp.PDU.maxLength = 65536;
const PIECE = 7, STALL_MS = (job.stall_s || 30) * 1000;
let expected = false, delivered = 0, beats = 0, beats_answered = 0, sent = 0, answered = 0;
let begin, last, gap_ms = 0;

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
	const piece = i => typeof job.odd === 'number' ? job.odd : PIECE * (1 + i % 5);
	let busy = false;
	const pump = () => {
		busy = queue.length > 0;
		if (busy && !socket.writableEnded) {
			write.call(socket, queue.shift());
			setTimeout(pump, 1);
		}
	};
	socket.setNoDelay(true);
	socket.write = octets => {
		for (let i = 0, length; i < octets.length; i += length) {
			length = piece(i);
			queue.push(octets.subarray(i, i + length));
		}
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

const took_answer = () => {
	const now = performance.now();
	gap_ms = Math.max(gap_ms, now - last);
	last = now;
	answered++;
};

const beat = session => {
	beats++;
	session.enquire_link({}, () => beats_answered++);
};

const send_all = session => new Promise(done => {
	let messages = job.messages;
	const is_done = () => sent === messages.length && answered === sent;
	const stopped = () => job.until && fs.existsSync(job.until);
	const allowed = () => job.per_s ? (performance.now() - begin) * job.per_s / 1000 : Infinity;
	const go = () => {
		while (sent - answered < job.window && sent < messages.length && sent < allowed()) {
			if (sent % 16 === 0 && stopped()) {
				messages = messages.slice(0, sent);
				break;
			}
			session.submit_sm(fields_of(messages[sent++]), () => {
				took_answer();
				go();
			});
			if (sent % 25 === 0)
				beat(session);
		}
		if (is_done()) {
			clearInterval(timer);
			done();
		}
	};
	begin = last = performance.now();
	const timer = setInterval(go, job.per_s ? 5 : 1000);
	go();
});

let seen = 0;
setInterval(() => {
	if (seen === answered + delivered)
		end(4, `stalled: ${sent} sent, ${answered} answered`);
	seen = answered + delivered;
}, STALL_MS);
const session = smpp.connect({ host: job.host, port: job.port }, async () => {
	session.socket.setNoDelay(Boolean(job.nodelay));
	if (job.odd)
		in_pieces(session.socket);
	record(session, log, 1);
	const bind = await call(session, 'bind_transceiver',
		{ system_id: 'e2e', password: 'secret', interface_version: 0x34 });
	if (bind.command_status !== 0)
		end(1, 'bind: ' + bind.command_status);
	await send_all(session);
	const ms = last - begin;
	while (delivered < (job.mo || 0))
		await pause(10);
	await call(session, 'enquire_link');
	await call(session, 'unbind');
	expected = true;
	console.log(JSON.stringify({ sent, answered, beats, beats_answered, ms, gap_ms }));
	session.close(() => end(0));
});
session.on('deliver_sm', pdu => {
	delivered++;
	session.send(pdu.response());
});
session.on('enquire_link', pdu => session.send(pdu.response()));
session.on('error', error => expected || end(3, error.message));
session.on('close', () => expected || end(3, 'closed by the far end'));
