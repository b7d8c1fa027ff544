#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# esme: an ESME on Net::SMPP.  perl esme.pl JOB.json
# JOB: { host, port, window, messages: [{ dst, dc, esm, hex }] }. Prints a line "DST STATUS" for each answer.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

open(my $file, '<', $ARGV[0]) or die "$ARGV[0]: $!";
my $job = decode_json(do { local $/; <$file> });
alarm(30);

my ($session, $bound) = Net::SMPP->new_transmitter($job->{host}, port => $job->{port}, system_id => 'e2e',
	password => 'secret', smpp_version => 0x34, interface_version => 0x34)
	or die "bind: $!";
die "bind: status $bound->{status}" if $bound->{status} != 0;

my @messages = @{$job->{messages}};
my %waiting;

sub send_next {
	my $m = shift(@messages);
	my $sequence = $session->submit_sm(async => 1, source_addr_ton => 5, source_addr => 'E2E', dest_addr_ton => 1,
		dest_addr_npi => 1, destination_addr => $m->{dst}, data_coding => $m->{dc}, esm_class => $m->{esm},
		short_message => pack('H*', $m->{hex}));
	$waiting{$sequence} = $m->{dst};
}

while (@messages || %waiting) {
	send_next() while @messages && keys(%waiting) < $job->{window};
	my $pdu = $session->read_pdu() or die "the session was closed";
	if ($pdu->{cmd} == Net::SMPP::CMD_enquire_link) {
		$session->enquire_link_resp(seq => $pdu->{seq});
	} elsif ($pdu->{cmd} == Net::SMPP::CMD_submit_sm_resp) {
		my $dst = delete($waiting{$pdu->{seq}}) // die "an answer to nothing: $pdu->{seq}";
		print "$dst $pdu->{status}\n";
	}
}
$session->enquire_link(async => 1);
$session->unbind(async => 1);
while (my $pdu = $session->read_pdu()) {
	exit(0) if $pdu->{cmd} == Net::SMPP::CMD_unbind_resp;
}
die "no answer to unbind";
