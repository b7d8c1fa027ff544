#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# esme: an ESME on Net::SMPP.  perl esme.pl JOB.json
# JOB: { host, port, window, messages: [{ dst, dc, esm, hex, payload }], nodelay, stall_s, per_s, until }. per_s: messages a
# second at most. until: sends no more once a file of this name is there. Prints a line "DST STATUS" for
# each answer, and at the end "beats ASKED ANSWERED" for its enquire_link.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

open(my $file, '<', $ARGV[0]) or die "$ARGV[0]: $!";
my $job = decode_json(do { local $/; <$file> });
my $stall_s = $job->{stall_s} || 30;
alarm($stall_s);

my ($session, $bound) = Net::SMPP->new_transmitter($job->{host}, port => $job->{port}, system_id => 'e2e',
	password => 'secret', smpp_version => 0x34, interface_version => 0x34)
	or die "bind: $!";
die "bind: status $bound->{status}" if $bound->{status} != 0;
setsockopt($session, IPPROTO_TCP, TCP_NODELAY, 1) if $job->{nodelay};

my @messages = @{$job->{messages}};
my (%waiting, %beats);
my ($sent, $asked, $answered) = (0, 0, 0);

sub send_next {
	@messages = () if $job->{until} && $sent % 16 == 0 && -e $job->{until};
	my $m = shift(@messages) or return;
	select(undef, undef, undef, 1 / $job->{per_s}) if $job->{per_s};
	my $octets = pack('H*', $m->{hex});
	my $sequence = $session->submit_sm(async => 1, source_addr_ton => 5, source_addr => 'E2E', dest_addr_ton => 1,
		dest_addr_npi => 1, destination_addr => $m->{dst}, data_coding => $m->{dc}, esm_class => $m->{esm},
		$m->{payload} ? (short_message => '', message_payload => $octets) : (short_message => $octets));
	$waiting{$sequence} = $m->{dst};
	if (++$sent % 25 == 0) {
		$beats{$session->enquire_link(async => 1)} = 1;
		$asked++;
	}
}

while (@messages || %waiting || %beats) {
	send_next() while @messages && keys(%waiting) < $job->{window};
	my $pdu = $session->read_pdu() or die "the session was closed";
	alarm($stall_s);
	if ($pdu->{cmd} == Net::SMPP::CMD_enquire_link) {
		$session->enquire_link_resp(seq => $pdu->{seq});
	} elsif ($pdu->{cmd} == Net::SMPP::CMD_enquire_link_resp) {
		delete($beats{$pdu->{seq}}) // die "an enquire_link_resp to nothing: $pdu->{seq}";
		$answered++;
	} elsif ($pdu->{cmd} == Net::SMPP::CMD_submit_sm_resp) {
		my $dst = delete($waiting{$pdu->{seq}}) // die "an answer to nothing: $pdu->{seq}";
		print "$dst $pdu->{status}\n";
	}
}
$session->unbind(async => 1);
while (my $pdu = $session->read_pdu()) {
	if ($pdu->{cmd} == Net::SMPP::CMD_unbind_resp) {
		print "beats $asked $answered\n";
		exit(0);
	}
	$session->enquire_link_resp(seq => $pdu->{seq}) if $pdu->{cmd} == Net::SMPP::CMD_enquire_link;
}
die "no answer to unbind";
