"""A certificate authority of the tests' own."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Authority:
    """`file` is its certificate; `issue` writes a server's certificate and key."""

    def __init__(self, directory, name="Tests"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(self.name, self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file = self.directory / f"{name}-ca.pem"
        self.file.write_bytes(self._pem(certificate.sign(self.key, hashes.SHA256())))

    def issue(self, certificate_file, key_file, hosts=("localhost", "127.0.0.1"), days=30):
        """Returns the serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(_name(hosts[0]), key.public_key(), days).add_extension(
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False,
        ).sign(self.key, hashes.SHA256())
        Path(certificate_file).write_bytes(self._pem(certificate))
        Path(key_file).write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return certificate.serial_number

    def _sign(self, subject, public_key, days=30):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(public_key).serial_number(x509.random_serial_number())
                .not_valid_before(now - 2 * DAY).not_valid_after(now + days * DAY))

    @staticmethod
    def _pem(certificate):
        return certificate.public_bytes(serialization.Encoding.PEM)
