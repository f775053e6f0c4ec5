#!/bin/sh
# Makes every file in this folder with openssl (3.0 or newer): ./make.sh
# The files are checked in; making them anew gives other keys and signatures, and the tests must pass with those too.
set -eu
cd "$(dirname "$0")"
rm -rf -- ca *.pem *.txt *.json *.base64 *.der *.cnf

# --- signing: a body as bunq sends it, its signature, and one under another key
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out installation-key.pem
openssl pkey -in installation-key.pem -pubout -out installation-public-key.pem
openssl pkcs8 -topk8 -nocrypt -in installation-key.pem -outform DER -out installation-key.der
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other-key.pem
printf '{"Response":[{"Id":{"id":7}},{"OauthCallbackUrl":{"url":"https:\\/\\/caf\\u00e9.example\\/"}}]}' > body.json
openssl dgst -sha256 -sign installation-key.pem body.json | base64 -w 0 > body-signature.base64
openssl dgst -sha256 -sign other-key.pem body.json | base64 -w 0 > body-signature-by-other-key.base64

# --- QSEAL: the public key's PEM (it ends in one newline) and the installation token, as bunq's guide signs them
printf '3f9a41c2d0b7e6558a1f0c9d2b3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f50' > installation-token.txt
cat installation-public-key.pem installation-token.txt > qseal-text.txt
openssl req -x509 -newkey rsa:4096 -keyout pseudo-key.pem -out pseudo-cert.pem -days 36500 -nodes -subj '/CN=My App PISP AISP/C=NL' 2> /dev/null
openssl dgst -sha256 -sign pseudo-key.pem qseal-text.txt | base64 -w 0 > qseal-signature.base64
openssl rsa -in pseudo-key.pem -traditional -out pseudo-key-pkcs1.pem 2> /dev/null
openssl pkey -in pseudo-key.pem -aes256 -passout pass:vector -out encrypted-key.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec-key.pem

# --- certificates that must be refused
openssl req -x509 -key pseudo-key.pem -out without-role-cert.pem -days 36500 -subj '/CN=My App/C=NL'
openssl req -x509 -key ec-key.pem -out ec-cert.pem -days 36500 -subj '/CN=My App AISP/C=NL'
openssl req -x509 -newkey rsa:1024 -keyout /dev/null -out small-key-cert.pem -days 36500 -nodes -subj '/CN=My App AISP/C=NL' 2> /dev/null
mkdir ca
: > ca/index.txt
cat > ca/ca.cnf << 'CNF'
[ca]
default_ca = dated
[dated]
database = ca/index.txt
unique_subject = no
new_certs_dir = ca
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
countryName = optional
CNF
openssl req -new -key pseudo-key.pem -out ca/dated.csr -subj '/CN=My App AISP/C=NL'
dated() { openssl ca -batch -notext -config ca/ca.cnf -selfsign -keyfile pseudo-key.pem -in ca/dated.csr -startdate "$2" -enddate "$3" -out "$1" 2> /dev/null; }
dated expired-cert.pem 20200101000000Z 20210101000000Z
dated not-yet-valid-cert.pem 21200101000000Z 21210101000000Z

# --- a qualified provider: root (EC) -> intermediate (RSA) -> QSEAL and QWAC, with qcStatements by ETSI TS 119 495
cat > qualified.cnf << 'CNF'
[ca_extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[qseal_extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
qcStatements = ASN1:SEQUENCE:qseal_statements
[unlinked_extensions]
authorityKeyIdentifier = none
qcStatements = ASN1:SEQUENCE:qseal_statements
[qwac_extensions]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth, clientAuth
qcStatements = ASN1:SEQUENCE:qwac_statements
[without_role_extensions]
qcStatements = ASN1:SEQUENCE:without_role_statements
[qseal_statements]
compliance = SEQUENCE:qc_compliance
type = SEQUENCE:qc_type_eseal
psd2 = SEQUENCE:psd2_ai_pi
[qwac_statements]
compliance = SEQUENCE:qc_compliance
type = SEQUENCE:qc_type_web
psd2 = SEQUENCE:psd2_ai_pi
[without_role_statements]
type = SEQUENCE:qc_type_eseal
psd2 = SEQUENCE:psd2_as
[qc_compliance]
id = OID:0.4.0.1862.1.1
[qc_type_eseal]
id = OID:0.4.0.1862.1.6
types = SEQUENCE:eseal
[eseal]
type = OID:0.4.0.1862.1.6.2
[qc_type_web]
id = OID:0.4.0.1862.1.6
types = SEQUENCE:web
[web]
type = OID:0.4.0.1862.1.6.3
[psd2_ai_pi]
id = OID:0.4.0.19495.2
info = SEQUENCE:psd2_ai_pi_info
[psd2_ai_pi_info]
roles = SEQUENCE:roles_ai_pi
authority = UTF8:De Nederlandsche Bank
authorityId = UTF8:NL-DNB
[roles_ai_pi]
ai = SEQUENCE:role_ai
pi = SEQUENCE:role_pi
[role_ai]
id = OID:0.4.0.19495.1.3
name = UTF8:PSP_AI
[role_pi]
id = OID:0.4.0.19495.1.2
name = UTF8:PSP_PI
[psd2_as]
id = OID:0.4.0.19495.2
info = SEQUENCE:psd2_as_info
[psd2_as_info]
roles = SEQUENCE:roles_as
authority = UTF8:De Nederlandsche Bank
authorityId = UTF8:NL-DNB
[roles_as]
as = SEQUENCE:role_as
[role_as]
id = OID:0.4.0.19495.1.1
name = UTF8:PSP_AS
CNF
sign_request() { # name, subject, extensions, issuer, issuer's key
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1-key.pem"
  openssl req -new -utf8 -key "$1-key.pem" -subj "$2" -out "ca/$1.csr"
  openssl x509 -req -in "ca/$1.csr" -CA "$4" -CAkey "$5" -days 36500 -extfile qualified.cnf -extensions "$3" -out "$1-cert.pem" 2> /dev/null
}
SUBJECT='/C=NL/O=Betaalhulp Café B.V./organizationIdentifier=PSDNL-DNB-12345678/CN=Betaalhulp'
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root-key.pem
openssl req -x509 -key root-key.pem -days 36500 -subj '/C=NL/O=Vector Trust/CN=Vector Root' -out root-cert.pem
sign_request intermediate '/C=NL/O=Vector Trust/CN=Vector Seal CA' ca_extensions root-cert.pem root-key.pem
sign_request qseal "$SUBJECT" qseal_extensions intermediate-cert.pem intermediate-key.pem
sign_request qwac "$SUBJECT" qwac_extensions intermediate-cert.pem intermediate-key.pem
sign_request bank "$SUBJECT" without_role_extensions intermediate-cert.pem intermediate-key.pem
sign_request unlinked "$SUBJECT" unlinked_extensions intermediate-cert.pem intermediate-key.pem # only the signature says who issued it
cat intermediate-cert.pem root-cert.pem > chain.pem
# another key under the intermediate's name
sign_request impostor '/C=NL/O=Vector Trust/CN=Vector Seal CA' ca_extensions root-cert.pem root-key.pem

rm -rf ca
rm -f root-key.pem intermediate-key.pem qwac-key.pem bank-key.pem unlinked-key.pem impostor-key.pem
