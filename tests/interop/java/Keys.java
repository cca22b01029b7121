import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;

/** Keys as they come in PEM files, and verification through published ones. */
final class Keys {
    static ECPrivateKey ec(String pem) throws Exception {
        return (ECPrivateKey) KeyFactory.getInstance("EC").generatePrivate(
                new PKCS8EncodedKeySpec(der(pem)));
    }

    /**
     * The key of a file in ZITADEL's format. It is PKCS #1, which Java reads only in the wrapping
     * of PKCS #8 (RFC 5208): version, algorithm, and the key as an octet string.
     */
    static RSAPrivateKey rsa(String pem) throws Exception {
        byte[] key = der(pem);
        byte[] octets = tagged(0x04, key);
        byte[] head = HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");
        var content = new ByteArrayOutputStream();
        content.writeBytes(head);
        content.writeBytes(octets);
        byte[] wrapped = pem.contains("RSA PRIVATE") ? tagged(0x30, content.toByteArray()) : key;
        return (RSAPrivateKey) KeyFactory.getInstance("RSA").generatePrivate(
                new PKCS8EncodedKeySpec(wrapped));
    }

    /** DER with a length of two octets, which every RSA key of 2048 bits or more has. */
    private static byte[] tagged(int tag, byte[] content) {
        var written = new ByteArrayOutputStream();
        written.write(tag);
        written.write(0x82);
        written.write(content.length >> 8);
        written.write(content.length);
        written.writeBytes(content);
        return written.toByteArray();
    }

    private static byte[] der(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]+-----", ""));
    }

    /** The claims of a JWT of that type, verified as an API of that audience would. */
    static JWTClaimsSet verify(String token, String type, String issuer, String audience, URI keys)
            throws Exception {
        JWKSource<SecurityContext> source = JWKSourceBuilder.create(keys.toURL()).build();
        var processor = new DefaultJWTProcessor<SecurityContext>();
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType(type)));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.ES256, source));
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(
                audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("iss", "aud")));
        return processor.process(token, null);
    }
}
