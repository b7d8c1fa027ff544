// SPDX-License-Identifier: BSD-3-Clause
// record: every PDU of a session in both ways, as the socket saw it, one JSON document a line.
const fs = require('fs');

class Splitter {
	constructor(put) {
		this.rest = Buffer.alloc(0);
		this.put = put;
	}
	add(octets) {
		this.rest = this.rest.length ? Buffer.concat([this.rest, octets]) : octets;
		while (this.rest.length >= 16) {
			const length = this.rest.readUInt32BE(0);
			if (length < 16 || this.rest.length < length)
				return;
			this.put(this.rest.subarray(0, length));
			this.rest = this.rest.subarray(length);
		}
	}
}

// record: writes to the open file `fd`; `number` tells sessions apart. ms is the time of day.
exports.record = (session, fd, number) => {
	const line = way => pdu =>
		fs.writeSync(fd, JSON.stringify({ session: number, way, ms: Date.now(), pdu: pdu.toString('hex') }) + '\n');
	const received = new Splitter(line('in')), sent = new Splitter(line('out'));
	const socket = session.socket, write = socket.write;

	socket.on('data', octets => received.add(octets));
	socket.write = function (octets, ...more) {
		if (Buffer.isBuffer(octets))
			sent.add(octets);
		return write.call(this, octets, ...more);
	};
};

// note: something that happened to a session.
exports.note = (fd, number, what) =>
	fs.writeSync(fd, JSON.stringify({ session: number, ms: Date.now(), note: what }) + '\n');
