import com.nimbusds.oauth2.sdk.dpop.DPoPProofFactory;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import java.net.URI;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoders;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.DPoPAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.authentication.DPoPAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;

/** Spring Security as an API: each static method is one feature. The Nimbus SDK is its client. */
final class Spring {
    private static final URI THINGS = URI.create("https://api.example/v1/things");

    /** Decodes JWTs of RFC 9068 whose keys discovery names. */
    private static JwtDecoder decoder(World world, String audience) throws Exception {
        String issuer = world.text("issuer");
        var decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
        decoder.setJwtValidator(JwtValidators.createAtJwtValidator()
                        .issuer(issuer)
                        .audience(audience)
                        .clientId(world.client("web").id())
                        .build());
        return decoder;
    }

    static void jwtDecoder(World world) throws Exception {
        var party = new Party(world, "web");
        String token = party.signIn().getAccessToken().getValue();
        String audience = party.id.getValue();
        World.equal(decoder(world, audience).decode(token).getSubject(), world.text("sub"));
        World.refused("aud", () -> decoder(world, "https://elsewhere.example").decode(token));
        World.refused("ignature", () -> decoder(world, audience).decode(World.tampered(token)));
        World.refused(
                "typ", () -> decoder(world, audience).decode(party.signIn().getIDTokenString()));
    }

    /** What `issuer-uri` alone configures: it finds the keys, but takes no type but `JWT`. */
    static void issuerLocation(World world) throws Exception {
        String issuer = world.text("issuer");
        String token = new Party(world, "web").signIn().getAccessToken().getValue();
        World.refused(
                "at+jwt not allowed", () -> JwtDecoders.fromIssuerLocation(issuer).decode(token));
        World.refused(
                "Unable to resolve", () -> JwtDecoders.fromIssuerLocation(issuer + "/elsewhere"));
    }

    static void keysRotate(World world) throws Exception {
        var party = new Party(world, "web");
        JwtDecoder decoder = decoder(world, party.id.getValue());
        String before = party.signIn().getAccessToken().getValue();
        decoder.decode(before);
        world.rotateKeys();
        decoder.decode(party.signIn().getAccessToken().getValue());
        decoder.decode(before);
    }

    static void opaqueToken(World world) throws Exception {
        var party = new Party(world, "web");
        var introspector = SpringOpaqueTokenIntrospector
                                   .withIntrospectionUri(
                                           party.provider.getIntrospectionEndpointURI().toString())
                                   .clientId(party.client.id())
                                   .clientSecret(party.client.secret())
                                   .build();
        AccessToken token = party.signIn().getAccessToken();
        var principal = introspector.introspect(token.getValue());
        World.equal(principal.getAttribute("sub"), world.text("sub"));
        World.equal(principal.getAuthorities().toString().contains("SCOPE_profile"), true);
        World.refused("isn't active", () -> introspector.introspect("made up"));
        var stranger = SpringOpaqueTokenIntrospector
                               .withIntrospectionUri(
                                       party.provider.getIntrospectionEndpointURI().toString())
                               .clientId(party.client.id())
                               .clientSecret("wrong")
                               .build();
        World.refused("401", () -> stranger.introspect(token.getValue()));
    }

    /** RFC 9449 section 7.1: a bound token counts with a proof by its key for this very request. */
    static void dpop(World world) throws Exception {
        Party party = new Party(world, "web").bound();
        AccessToken token = party.signIn().getAccessToken();
        var bearers = new JwtAuthenticationProvider(decoder(world, party.id.getValue()));
        var api = new DPoPAuthenticationProvider(new ProviderManager(bearers));
        World.equal(present(api, token, party.proofs, "GET", THINGS).isAuthenticated(), true);
        World.refused("htm", () -> present(api, token, party.proofs, "POST", THINGS));
        World.refused("htu",
                () -> present(api, token, party.proofs, "GET",
                                URI.create("https://api.example/v1/others")));
        DPoPProofFactory own = party.proofs;
        party.bound();
        World.refused("jkt", () -> present(api, token, party.proofs, "GET", THINGS));
        party.proofs = null;
        AccessToken bearer = party.signIn().getAccessToken();
        World.refused("jkt", () -> present(api, bearer, own, "GET", THINGS));
    }

    /** A request `GET THINGS` with a proof that was made for `method` and `uri`. */
    private static Authentication present(DPoPAuthenticationProvider api, AccessToken token,
            DPoPProofFactory proofs, String method, URI uri) throws Exception {
        String proof = proofs.createDPoPJWT(method, uri, token).serialize();
        return api.authenticate(
                new DPoPAuthenticationToken(token.getValue(), proof, "GET", THINGS.toString()));
    }
}
