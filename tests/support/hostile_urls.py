"""Addresses that try to lead inside, by how they try; `{p}` is a canary's port."""

PUBLIC = "93.184.216.34"


def words(text: str) -> list[str]:
    return text.split()


# {p} is the canary's port.
LOOPBACK = words("""
http://127.0.0.1:{p}/ http://127.1:{p}/ http://127.0.1:{p}/ http://0:{p}/
http://0.0.0.0:{p}/ http://2130706433:{p}/ http://017700000001:{p}/
http://0x7f000001:{p}/ http://0x7f.1:{p}/ http://0x7f.0x0.0x0.0x1:{p}/
http://0177.0.0.1:{p}/ http://127.0.0.0x1:{p}/ http://127.000.000.001:{p}/
http://127.0.0.1.:{p}/ http://127.0.0.1..:{p}/ http://127.0.0.01:{p}/
http://00000177.0.0.1:{p}/ http://4294967297:{p}/ http://127.0.0.257:{p}/
http://localhost:{p}/ http://LOCALHOST:{p}/ http://localhost.:{p}/
https://127.0.0.1:{p}/ HTTP://127.0.0.1:{p}/ http://127.0.0.2:{p}/
http://127.255.255.254:{p}/ http://[::1]:{p}/ http://[0:0:0:0:0:0:0:1]:{p}/
http://[0000::0001]:{p}/ http://[::]:{p}/ http://[::ffff:127.0.0.1]:{p}/
http://[::ffff:7f00:1]:{p}/ http://[::FFFF:127.0.0.1]:{p}/ http://[::127.0.0.1]:{p}/
http://[::7f00:1]:{p}/ http://[::ffff:0:127.0.0.1]:{p}/ http://[::1%25lo]:{p}/
http://[::1%lo]:{p}/ http://[::1]x:{p}/ http://x[::1]:{p}/ http://[127.0.0.1]:{p}/
http://[64:ff9b::7f00:1]:{p}/ http://[2002:7f00:1::]:{p}/
http://①②⑦.⓪.⓪.①:{p}/ http://127。0。0。1:{p}/ http://ⓛocalhost:{p}/
http://user:pw@127.0.0.1:{p}/ http://user@127.0.0.1:{p}/ http://@127.0.0.1:{p}/
http://example.com@127.0.0.1:{p}/ http://example.com%40127.0.0.1:{p}/
http://127.0.0.1:{p}\\@example.com/ http://example.com\\@127.0.0.1:{p}/
http://\\127.0.0.1:{p}/ http://127.0.0.1:{p}#@example.com/
http://127.0.0.1:{p}?@example.com/ http://127.0.0.1%00.example.com:{p}/
http://127.0.0.1%2eexample.com:{p}/ http://%31%32%37.0.0.1:{p}/
http://127.0.0.1,example.com:{p}/ http://127.0.0.1;example.com:{p}/
http://127.0.0.1:{p}:80/ http://127.0.0.1:+{p}/ http://127.0.0.1:{p}x/
http:///127.0.0.1:{p}/ http:/127.0.0.1:{p}/ http:127.0.0.1:{p}/ //127.0.0.1:{p}/
127.0.0.1:{p} http:////127.0.0.1:{p}/ http://-127.0.0.1:{p}/ http://.127.0.0.1:{p}/
http://loop.test:{p}/ http://loop6.test:{p}/ http://mapped.test:{p}/
http://mixed.test:{p}/ http://mixed-last.test:{p}/ http://mixed6.test:{p}/
http://zero.test:{p}/ http://scoped.test:{p}/ http://turns.test:{p}/
""")
INSIDE = words("""
http://169.254.169.254/latest/meta-data/ http://metadata.google.internal/
http://[fd00:ec2::254]/ http://[fd20:ce::254]/ http://[::ffff:169.254.169.254]/
http://[::ffff:a9fe:a9fe]/ http://[::a9fe:a9fe]/ http://2852039166/
http://0xA9FEA9FE/ http://0251.0376.0251.0376/ http://169.254.43518/
http://169.254.169.254.:80/ http://[64:ff9b::a9fe:a9fe]/
http://[64:ff9b::169.254.169.254]/ http://[64:ff9b:1::a9fe:a9fe]/
http://[2002:a9fe:a9fe::]/ http://[2001:0:a9fe:a9fe::1]/
http://[2001:0:4136:e378:8000:63bf:5601:5601]/ http://100.100.100.200/
http://168.63.129.16/ http://192.0.0.192/ http://169.254.170.2/ http://10.0.0.1/
http://172.16.0.1/ http://172.31.255.255/ http://192.168.1.1/ http://100.64.0.1/
http://198.18.0.1/ http://192.0.2.1/ http://198.51.100.1/ http://203.0.113.1/
http://240.0.0.1/ http://255.255.255.255/ http://224.0.0.1/ http://239.1.1.1/
http://192.88.99.1/ http://192.31.196.1/ http://192.52.193.1/ http://192.175.48.1/
http://[fe80::1]/ http://[fc00::1]/ http://[fdff::1]/ http://[fec0::1]/
http://[ff02::1]/ http://[ff0e::1]/ http://[100::1]/ http://[2001:db8::1]/
http://[2001:2::1]/ http://[2001:10::1]/ http://[2001:20::1]/ http://[5f00::1]/
http://[3fff::1]/ http://[::ffff:0:7f00:1]/ http://[4000::1]/ http://[2620:4f:8000::1]/
http://ten.test/ http://metadata.test/ http://nat64.test/ http://azure.test/
""")
SCHEMES = words("""
file:///etc/passwd file://localhost/etc/passwd ftp://93.184.216.34/
gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/stats ldap://127.0.0.1/
unix:///var/run/docker.sock http+unix://%2Fvar%2Frun%2Fdocker.sock/ data:text/plain,x
jar:http://127.0.0.1!/ javascript:alert(1) ws://127.0.0.1/ sftp://127.0.0.1/
httpx://93.184.216.34/ view-source:http://127.0.0.1/ tftp://127.0.0.1/
""")
MALFORMED = [
    "",
    "http://",
    "http://?",
    "http://#",
    "http://:80/",
    "http://[",
    "http://[::1",
    "http://[]/",
    "http://[:::]/",
    "http://[v1.x]/",
    "http://-x.test/",
    "http://x-.test/",
    "http://.test/",
    "http://a..b/",
    "http://" + "a" * 64 + ".test/",
    "http://" + "a." * 130 + "test/",
    "http://93.184.216.34/" + "a" * 8000,
    "http://93.184.216.34/\r\nX-Injected: y",
    "http://93.184.216.34\r\n.example.com/",
    "http://93.184.216.34/ HTTP/1.1",
    "http://93.184.216.34/\x00",
    "http://93.184.216.34/\x7f",
    "http://93.184.216.34/\x85",
    "http://93.184.216.34/\ud800",
    "ht\ttp://93.184.216.34/",
    " http://93.184.216.34/",
    "\x01http://93.184.216.34/",
    "http://93.184.216.34:0/",
    "http://93.184.216.34:65536/",
    "http://93.184.216.34:99999999/",
    "http://93.184.216.34:-1/",
    "http://93.184.216.34:８０/",  # noqa: RUF001 - digits that only look like 80
    "http://exämple.test/",
]

# What the resolver says of the names above: each answer in turn, the last for ever.
NAMES: dict[str, list[list[str]]] = {
    "localhost": [["::1", "127.0.0.1"]],
    "loop.test": [["127.0.0.1"]],
    "loop6.test": [["::1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "mixed.test": [["127.0.0.1", PUBLIC]],
    "mixed-last.test": [[PUBLIC, PUBLIC, PUBLIC, PUBLIC, PUBLIC, "127.0.0.1"]],
    "mixed6.test": [[PUBLIC, "::1"]],
    "zero.test": [["0.0.0.0"]],
    "scoped.test": [["2606:2800:220:1::1%lo"]],
    "turns.test": [["127.0.0.1"], [PUBLIC]],
    "metadata.google.internal": [["169.254.169.254"]],
    "metadata.test": [["169.254.169.254"]],
    "ten.test": [[PUBLIC, "10.0.0.1"]],
    "nat64.test": [["64:ff9b::a9fe:a9fe"]],
    "azure.test": [["168.63.129.16"]],
}
