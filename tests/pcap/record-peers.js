// SPDX-License-Identifier: BSD-3-Clause
// record-peers: the two SMPP programs that record-demo lets talk to each other, on top of npm's smpp.
//
//   node record-peers.js smsc HOST TEXTS          a message centre: answers, sends receipts and what phones send
//   node record-peers.js esme HOST TEXTS SCENE    the applications: SCENE is demo, plain, window or parts
//
// A phone's message is sent by the centre each time an application asks with enquire_link, so that the
// order is the file's without any channel beside SMPP.
'use strict';
const dgram = require('dgram');
const fs = require('fs');
const http = require('http');
const tls = require('tls');
const smpp = require('smpp');

const [, , role, host, file, scene] = process.argv;
const port = 2775;
const messages = JSON.parse(fs.readFileSync(file)).messages;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---- what a message of the file is on the wire ----

function encode(text, send) {
	if (send === 'latin1') {
		return { data_coding: 3, octets: Buffer.from(text, 'latin1') };
	}
	if (smpp.encodings.ASCII.match(text)) {
		return { data_coding: 0, octets: smpp.encodings.ASCII.encode(text) };
	}
	return { data_coding: 8, octets: smpp.encodings.UCS2.encode(text) };
}

function address(number) {
	return /^[0-9]+$/.test(number) ? { ton: 1, npi: 1, digits: number } : { ton: 5, npi: 0, digits: number };
}

function head(m, to) {
	const from = address(m.from);

	return {
		source_addr_ton: from.ton, source_addr_npi: from.npi, source_addr: from.digits,
		dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: to,
		registered_delivery: m.receipt ? 1 : 0,
	};
}

let reference = 0x20;

// All parts of a text share a coding; concatenation by TS 23.040 9.2.3.24.1 and .8, or SMPP 3.4 5.3.2.22.
function parts(m, to, how) {
	const texts = m.text.split('¦');
	const wide = !smpp.encodings.ASCII.match(texts.join(''));
	const order = m.order || texts.map((_, i) => i + 1);

	reference++;
	return order.map((part) => {
		const text = texts[part - 1];
		const octets = wide ? smpp.encodings.UCS2.encode(text) : smpp.encodings.ASCII.encode(text);
		const base = { ...head(m, to), data_coding: wide ? 8 : 0 };
		const total = texts.length;

		if (octets.length > (wide ? 134 : 153)) {
			throw new Error(`part ${part} is too long: ${text}`);
		}
		if (how === 'sar') {
			return { ...base, short_message: octets, sar_msg_ref_num: reference,
				sar_total_segments: total, sar_segment_seqnum: part };
		}
		const udh = how === 'udh16' ? [6, 8, 4, 0x12, reference, total, part] : [5, 0, 3, reference, total, part];

		return { ...base, esm_class: 0x40, short_message: { udh: Buffer.from(udh), message: octets } };
	});
}

function phone(n) {
	return '4477009004' + String(n % 100).padStart(2, '0');
}

// ---- the message centre ----

function smsc() {
	const phones = messages.filter((m) => (m.send || '').startsWith('mo'));
	let n_ids = 0;
	let n_phones = 0;

	const receipt = (session, p, id) => session.deliver_sm({
		source_addr_ton: p.dest_addr_ton, source_addr_npi: p.dest_addr_npi, source_addr: p.destination_addr,
		dest_addr_ton: p.source_addr_ton, dest_addr_npi: p.source_addr_npi, destination_addr: p.source_addr,
		esm_class: 4, data_coding: 0, receipted_message_id: id, message_state: 2,
		short_message: `id:${id} sub:001 dlvrd:001 submit date:2606011200 done date:2606011201 stat:DELIVRD err:000 text:`,
	});
	const from_phone = (session) => {
		const m = phones[n_phones++];

		if (m === undefined) {
			return;
		}
		if (m.send === 'mo-udh8') {
			parts(m, '88000', 'udh8').forEach((p) => session.deliver_sm(p));
		} else {
			const body = encode(m.text, m.send);

			session.deliver_sm({ ...head(m, '88000'), data_coding: body.data_coding, short_message: body.octets });
		}
	};
	const server = smpp.createServer({}, (session) => {
		let asked = false;

		session.on('error', () => session.close());
		for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
			session.on(bind, (p) => session.send(p.password === 'wrong'
				? p.response({ command_status: smpp.ESME_RINVPASWD })
				: p.response({ system_id: 'CENTRE' })));
		}
		session.on('enquire_link', (p) => {
			session.send(p.response());
			if (asked) {
				from_phone(session);
			}
			asked = true;
		});
		session.on('unbind', (p) => { session.send(p.response()); session.close(); });
		for (const submit of ['submit_sm', 'data_sm']) {
			session.on(submit, (p) => {
				const id = (0x1000 + n_ids++).toString(16);

				session.send(p.response({ message_id: id }));
				if (p.registered_delivery & 1) {
					setTimeout(() => receipt(session, p, id), 20);
				}
			});
		}
		session.on('submit_multi', (p) => session.send(p.response({ message_id: (0x1000 + n_ids++).toString(16), unsuccess_sme: [] })));
	});

	server.listen(port, host);
	http.createServer((request, response) => response.end('status: all well\n')).listen(8080, host);
}

// ---- the applications ----

function call(session, command, options) {
	return new Promise((resolve) => session[command](options || {}, resolve));
}

async function bind(system_id, password) {
	const session = await new Promise((resolve, reject) => {
		const s = smpp.connect({ host, port }, () => resolve(s));

		s.on('error', reject);
	});

	session.on('deliver_sm', (p) => session.send(p.response()));
	await call(session, 'bind_transceiver', { system_id, password: password || 'secret', interface_version: 0x34 });
	return session;
}

async function unbind(session) {
	await call(session, 'unbind');
	await new Promise((resolve) => session.close(resolve));
}

// A PDU in four writes: the cuts lie in the header, behind it, and in the text.
async function dribble(session, options) {
	const pdu = new smpp.PDU('submit_sm', options);
	let answered;
	const answer = new Promise((resolve) => { answered = resolve; });

	pdu.sequence_number = 900;
	const octets = pdu.toBuffer();

	session.on('pdu', (p) => { if (p.sequence_number === 900) answered(); });
	session.socket.setNoDelay(true);
	for (const [from, to] of [[0, 3], [3, 16], [16, octets.length - 30], [octets.length - 30, octets.length]]) {
		session.socket.write(octets.subarray(from, to));
		await sleep(1);
	}
	await answer;
}

async function window(session, m) {
	const waiting = [];

	for (let n = 0; n < m.count; n++) {
		const body = encode(m.text.replace('{n}', n), m.send);

		waiting.push(call(session, 'submit_sm', { ...head(m, phone(n)), data_coding: body.data_coding, short_message: body.octets }));
	}
	await Promise.all(waiting);
}

async function send(session, m, n) {
	const to = phone(n);
	const how = m.send || 'submit';
	const text = m.pad !== undefined ? m.pad.repeat(m.repeat) + m.text : (m.text || '').repeat(m.repeat || 1);
	const body = encode(text, how);
	const plain = { ...head(m, to), data_coding: body.data_coding };

	switch (how) {
	case 'udh8': case 'udh16': case 'sar':
		for (const p of parts(m, to, how)) {
			await call(session, 'submit_sm', p);
		}
		return;
	case 'payload':
		await call(session, 'submit_sm', { ...plain, short_message: Buffer.alloc(0), message_payload: body.octets });
		return;
	case 'data':
		await call(session, 'data_sm', { ...plain, message_payload: body.octets });
		return;
	case 'flash':
		await call(session, 'submit_sm', { ...plain, data_coding: 0x10, short_message: body.octets });
		return;
	case 'binary':
		await call(session, 'submit_sm', { ...plain, esm_class: 0x40, data_coding: 0xf5, short_message: Buffer.from(m.hex, 'hex') });
		return;
	case 'multi':
		await call(session, 'submit_multi', { ...plain, destination_addr: undefined, short_message: body.octets,
			dest_address: [0, 1, 2, 3, 4].map((i) => ({ dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: phone(n + i) })).concat([{ dl_name: 'members' }]) });
		return;
	case 'dribble':
		await dribble(session, { ...plain, short_message: body.octets });
		return;
	case 'window':
		await window(session, m);
		return;
	case 'mo': case 'mo-udh8': // the centre sends it when asked
		await call(session, 'enquire_link');
		await sleep(20);
		return;
	default:
		await call(session, 'submit_sm', { ...plain, short_message: body.octets });
	}
}

async function account(name, wanted) {
	const session = await bind(name);
	let n = 0;

	await call(session, 'enquire_link');
	for (const m of wanted) {
		await send(session, m, n++);
	}
	await sleep(60);
	await unbind(session);
}

// Other traffic of the same cable: a log line (that nobody wants: ICMP says so), a status page, a wrong password, a client that tries TLS on the plain port.
async function bystanders() {
	const log = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');

	await new Promise((resolve) => log.send('<14>all well', 514, host, resolve));
	log.close();
	await new Promise((resolve) => http.get({ host, port: 8080 }, (r) => r.resume().on('end', resolve)));
	const refused = await bind('guest', 'wrong');

	await new Promise((resolve) => refused.close(resolve));
	await new Promise((resolve) => {
		const t = tls.connect({ host, port, rejectUnauthorized: false });

		t.on('error', resolve);
		t.on('close', resolve);
		setTimeout(() => t.destroy(), 200);
	});
}

const of = (...kinds) => messages.filter((m) => kinds.includes(m.send || 'submit'));
const scenes = {
	async demo() {
		await bystanders();
		await Promise.all(['northbank', 'shop', 'bulk01'].map((name) => account(name, messages.filter((m) => m.account === name))));
	},
	async plain() {
		const texts = of('submit');

		await account('plain', [texts[0], texts.find((m) => m.expect === 'reject'), texts.find((m) => m.lang === 'zh'), texts.find((m) => m.receipt)]);
	},
	async window() {
		await account('window', of('window', 'payload'));
	},
	async parts() {
		await account('parts', of('udh8', 'udh16', 'sar'));
	},
};

if (role === 'smsc') {
	smsc();
} else {
	scenes[scene]().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
}
