import { describe, expect, it } from '@jest/globals';
import { isPublicAddress } from './public-address.js';
import { refusalOfUrl, resolveTarget } from './target.js';

const production = { testHosts: [] };
const never = () => Promise.reject(new Error('nothing may be resolved'));

/** Ways to say an address that is not of the open internet, or to say more than an address. */
const refused: readonly [url: string, why: string][] = [
  ['https://127.0.0.1/', 'loopback'],
  ['https://127.1/', 'loopback, short'],
  ['https://127.0.1/', 'loopback, three parts'],
  ['https://127.255.255.254/', 'loopback, its last'],
  ['https://2130706433/', 'loopback, decimal'],
  ['https://0x7f000001/', 'loopback, hex'],
  ['https://0x7f.0.0.1/', 'loopback, hex part'],
  ['https://0x7f.1/', 'loopback, hex and short'],
  ['https://017700000001/', 'loopback, octal'],
  ['https://0177.0.0.1/', 'loopback, octal part'],
  ['https://0177.0x0.0.1/', 'loopback, mixed bases'],
  ['https://127.0.0.1./', 'loopback, with a dot at the end'],
  ['https://%31%32%37.0.0.1/', 'loopback, percent-encoded'],
  ['https://１２７.0.0.1/', 'loopback, full-width digits'],
  ['https://127。0。0。1/', 'loopback, ideographic full stops'],
  ['https://①②⑦.0.0.1/', 'loopback, circled digits'],
  ['https://0/', 'this host'],
  ['https://0.0.0.0/', 'this host, in full'],
  ['https://0.1.2.3/', 'this network'],
  ['https://10.0.0.1/', 'private'],
  ['https://10.255.255.255/', 'private, its last'],
  ['https://167772161/', 'private, decimal'],
  ['https://012.1/', 'private, octal and short'],
  ['https://172.16.0.1/', 'private'],
  ['https://172.31.255.255/', 'private, its last'],
  ['https://192.168.0.1/', 'private'],
  ['https://0xc0a80001/', 'private, hex'],
  ['https://192.168.1/', 'private, short'],
  ['https://169.254.169.254/latest/meta-data/', 'metadata of the clouds'],
  ['https://2852039166/', 'metadata, decimal'],
  ['https://0xa9fea9fe/', 'metadata, hex'],
  ['https://0251.0376.0251.0376/', 'metadata, octal'],
  ['https://169.254.43518/', 'metadata, short'],
  ['https://169.254.170.2/', 'metadata of containers'],
  ['https://100.64.0.1/', 'carrier NAT'],
  ['https://100.100.100.200/', 'metadata within carrier NAT'],
  ['https://100.127.255.255/', 'carrier NAT, its last'],
  ['https://168.63.129.16/', 'wire server of a cloud'],
  ['https://192.0.0.1/', 'protocol assignments'],
  ['https://192.0.2.1/', 'documentation'],
  ['https://198.18.0.1/', 'benchmarks'],
  ['https://198.51.100.1/', 'documentation'],
  ['https://203.0.113.1/', 'documentation'],
  ['https://192.88.99.1/', '6to4 relay'],
  ['https://224.0.0.1/', 'multicast'],
  ['https://239.255.255.255/', 'multicast, its last'],
  ['https://240.0.0.1/', 'reserved'],
  ['https://255.255.255.255/', 'broadcast'],
  ['https://[::1]/', 'loopback, v6'],
  ['https://[0:0:0:0:0:0:0:1]/', 'loopback, v6 in full'],
  ['https://[::]/', 'unspecified, v6'],
  ['https://[::ffff:127.0.0.1]/', 'v4 mapped'],
  ['https://[::ffff:7f00:1]/', 'v4 mapped, hex'],
  ['https://[::ffff:169.254.169.254]/', 'metadata, v4 mapped'],
  ['https://[::ffff:8.8.8.8]/', 'v4 mapped, although public'],
  ['https://[::127.0.0.1]/', 'v4 compatible'],
  ['https://[::ffff:0:127.0.0.1]/', 'v4 translated'],
  ['https://[64:ff9b::7f00:1]/', 'NAT64'],
  ['https://[64:ff9b::169.254.169.254]/', 'metadata by NAT64'],
  ['https://[64:ff9b:1::7f00:1]/', 'NAT64, local prefix'],
  ['https://[2002:7f00:1::]/', '6to4'],
  ['https://[2002:a9fe:a9fe::1]/', 'metadata by 6to4'],
  ['https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/', 'Teredo'],
  ['https://[fc00::1]/', 'unique local'],
  ['https://[fd00:ec2::254]/', 'metadata, v6'],
  ['https://[fdff:ffff::1]/', 'unique local, its last'],
  ['https://[fe80::1]/', 'link-local'],
  ['https://[febf::1]/', 'link-local, its last'],
  ['https://[fec0::1]/', 'site-local'],
  ['https://[ff02::1]/', 'multicast, v6'],
  ['https://[100::1]/', 'discard'],
  ['https://[2001:db8::1]/', 'documentation, v6'],
  ['https://[3fff::1]/', 'documentation, v6, newer'],
  ['https://[5f00::1]/', 'segment routing'],
  ['https://localhost/', 'a name of this machine'],
  ['https://LOCALHOST./', 'a name of this machine, as one may write it'],
  ['https://api.localhost/', 'a name below localhost'],
  ['https://metadata.google.internal/', 'metadata by name'],
  ['https://printer.local/', 'multicast DNS'],
  ['https://core-api/', 'a name of one label: a service beside us'],
  ['https://core-api.default.svc.cluster.local/', 'a service of the cluster'],
  ['http://hooks.example.com/', 'plain HTTP'],
  ['ftp://hooks.example.com/', 'another scheme'],
  ['file:///etc/passwd', 'a file'],
  ['gopher://hooks.example.com:70/_', 'another scheme'],
  ['https://user:pass@hooks.example.com/', 'credentials'],
  ['https://hooks.example.com@127.0.0.1/', 'the host is behind the at-sign'],
  ['https://127.0.0.1#@hooks.example.com/', 'the host is before the fragment'],
  ['https://127.0.0.1\\@hooks.example.com/', 'a backslash ends the host'],
  ['https://hooks.example.com:22/', 'a port of another service'],
  ['https://hooks.example.com:25/', 'a port of another service'],
  ['https://hooks.example.com/#part', 'a fragment'],
  ['https://[::1', 'no URL'],
  ['//hooks.example.com/', 'no URL'],
  ['', 'no URL'],
];

const allowed = [
  'https://hooks.example.com/biplane?tenant=acme',
  'https://hooks.example.com:8443/',
  'https://hooks.example.com./',
  'https://93.184.215.14/',
  'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  'https://xn--bcher-kva.example/',
];

describe('where webhooks may go', () => {
  it('F11: the corpus has at least sixty forms', () => expect(refused.length).toBeGreaterThanOrEqual(60));

  it.each(refused)('F11: %s is never called: %s', async (url) => {
    expect(refusalOfUrl(url, production)).not.toBeNull();
    expect(typeof (await resolveTarget(url, production, never))).toBe('string');
  });

  it.each(allowed)('%s is', (url) => expect(refusalOfUrl(url, production)).toBeNull());

  it.each([
    ['a private one alone', ['10.0.0.1']],
    ['a private one behind a public one', ['93.184.215.14', '127.0.0.1']],
    ['a private one before a public one', ['127.0.0.1', '93.184.215.14']],
    ['a mapped one', ['::ffff:10.0.0.1']],
    ['one with a zone', ['fe80::1%eth0']],
    ['what is no address', ['example.com']],
    ['nothing', []],
  ])('F11: a name that resolves to %s is not called', async (_, addresses) => {
    const target = await resolveTarget('https://hooks.example.com/', production, async () => addresses);
    expect(target).toBe('ADDRESS_REFUSED');
  });

  it('tells a name that is private from one that does not exist by nothing', async () => {
    const missing = await resolveTarget('https://hooks.example.com/', production, never);
    const inside = await resolveTarget('https://hooks.example.com/', production, async () => ['10.0.0.1']);
    expect(missing).toBe(inside);
  });

  it('F11: the address that was checked is the one that is connected to, resolved once', async () => {
    const answers = [['93.184.215.14'], ['127.0.0.1']];
    const target = await resolveTarget('https://hooks.example.com/x', production, async () => answers.shift() ?? []);
    expect(target).toMatchObject({ address: '93.184.215.14' });
    expect(answers).toHaveLength(1);
  });

  it('a host of tests is called by plain HTTP too, and no other host is for it', () => {
    const policy = { testHosts: ['127.0.0.1'] };
    expect(refusalOfUrl('http://127.0.0.1:4100/', policy)).toBeNull();
    expect(refusalOfUrl('http://127.0.0.2:4100/', policy)).toBe('SCHEME_REFUSED');
    expect(refusalOfUrl('https://127.0.0.2:4100/', policy)).toBe('ADDRESS_REFUSED');
  });

  it('knows public addresses of both kinds', () => {
    expect(['8.8.8.8', '2606:4700:4700::1111', '1.1.1.1'].filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});
