import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.PushedAuthorizationRequest;
import com.nimbusds.oauth2.sdk.PushedAuthorizationResponse;
import com.nimbusds.oauth2.sdk.ResponseMode;
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory;
import com.nimbusds.oauth2.sdk.dpop.JWKThumbprintConfirmation;
import com.nimbusds.oauth2.sdk.jarm.JARMValidator;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import java.net.URI;
import java.util.Date;

/** The Nimbus SDK: requests that are pushed or signed, tokens that are bound. Each a feature. */
final class Requests {
    /** Sends its requests to the provider itself (RFC 9126). */
    static class Pushing extends Party {
        Pushing(World world, String kind) throws Exception {
            super(world, kind);
        }

        @Override
        URI send(AuthenticationRequest request) throws Exception {
            URI endpoint = provider.getPushedAuthorizationRequestEndpointURI();
            var pushed = authentication() == null
                    ? new PushedAuthorizationRequest(endpoint, request)
                    : new PushedAuthorizationRequest(endpoint, authentication(), request);
            var response = PushedAuthorizationResponse.parse(send(pushed.toHTTPRequest(), null));
            if (!response.indicatesSuccess())
                throw new Refusal(response.toErrorResponse().getErrorObject());
            return new AuthorizationRequest
                    .Builder(response.toSuccessResponse().getRequestURI(), id)
                    .endpointURI(provider.getAuthorizationEndpointURI())
                    .build()
                    .toURI();
        }
    }

    /** FAPI 2.0 Message Signing: the pushed request is signed, and so is the answer (JARM). */
    static final class Signing extends Pushing {
        Signing(World world) throws Exception {
            super(world, "fapi");
            algorithm = JWSAlgorithm.ES256;
            bound();
        }

        @Override
        AuthenticationRequest.Builder request(CodeVerifier verifier, Nonce nonce) {
            return super.request(verifier, nonce).responseMode(ResponseMode.JWT);
        }

        @Override
        URI send(AuthenticationRequest request) throws Exception {
            long now = System.currentTimeMillis();
            var claims = new JWTClaimsSet.Builder(request.toJWTClaimsSet())
                                 .issuer(id.getValue())
                                 .audience(provider.getIssuer().getValue())
                                 .notBeforeTime(new Date(now))
                                 .issueTime(new Date(now))
                                 .expirationTime(new Date(now + 60_000))
                                 .build();
            var signed = new SignedJWT(
                    new JWSHeader.Builder(algorithm).keyID(client.kid()).build(), claims);
            signed.sign(new ECDSASigner(Keys.ec(client.pem())));
            return super.send(new AuthenticationRequest.Builder(signed, id).build());
        }

        @Override
        AuthenticationResponse parse(URI back) throws Exception {
            var validator = new JARMValidator(
                    provider.getIssuer(), id, algorithm, provider.getJWKSetURI().toURL());
            return AuthenticationResponseParser.parse(back, validator);
        }
    }

    static void pushedRequest(World world) throws Exception {
        new Pushing(world, "web").signIn();
        new Pushing(world, "public").signIn();
        new Pushing(world, "keyed").signIn();
        var party = new Pushing(world, "web");
        var verifier = new CodeVerifier();
        var foreign = party.request(verifier, null)
                              .redirectionURI(URI.create("https://evil.example/"))
                              .build();
        World.refused("invalid_request", () -> party.send(foreign));
        URI used = party.send(party.request(verifier, new Nonce()).build());
        world.visit(used);
        World.refused("status=400", () -> world.visit(used));
    }

    static void dpop(World world) throws Exception {
        Party party = new Party(world, "web").bound();
        OIDCTokens tokens = party.signIn();
        World.equal(tokens.getAccessToken().getType().getValue(), "DPoP");
        party.userInfo(tokens.getAccessToken());
        OIDCTokens renewed = party.refresh(tokens.getRefreshToken());
        party.userInfo(renewed.getAccessToken());
        var told = SignIn.introspect(party, renewed.getAccessToken());
        World.equal(told.getJWKThumbprintConfirmation().getValue().toString(),
                ((DefaultDPoPProofFactory) party.proofs)
                        .getPublicJWK()
                        .computeThumbprint()
                        .toString());
        party.bound();
        World.refused("invalid_token", () -> party.userInfo(renewed.getAccessToken()));
        party.proofs = null;
        World.refused("invalid_dpop_proof", () -> party.userInfo(renewed.getAccessToken()));
    }

    static void dpopOfPublicClients(World world) throws Exception {
        Party party = new Party(world, "public").bound();
        OIDCTokens tokens = party.refresh(party.signIn().getRefreshToken());
        party.bound();
        World.refused("invalid_grant", () -> party.refresh(tokens.getRefreshToken()));
    }

    /** The code is bound to a key before there is a token. */
    static void dpopOfRequests(World world) throws Exception {
        Party party = new Party(world, "web").bound();
        var key = ((DefaultDPoPProofFactory) party.proofs).getPublicJWK();
        var verifier = new CodeVerifier();
        var request = party.request(verifier, null)
                              .dPoPJWKThumbprintConfirmation(
                                      new JWKThumbprintConfirmation(key.computeThumbprint()));
        party.redeem(party.authorize(verifier, null, request.build()));
        var answer = party.authorize(verifier, null, request.build());
        party.bound();
        World.refused("invalid_grant", () -> party.redeem(answer));
    }

    static void fapi(World world) throws Exception {
        var party = new Signing(world);
        OIDCTokens tokens = party.signIn();
        party.userInfo(tokens.getAccessToken());
        party.refresh(tokens.getRefreshToken());
        var unsigned = new Pushing(world, "fapi");
        unsigned.bound();
        World.refused("invalid_request", () -> unsigned.signIn());
    }
}
