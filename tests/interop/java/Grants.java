import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.JWTBearerGrant;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.client.ClientRegistrationErrorResponse;
import com.nimbusds.oauth2.sdk.client.ClientRegistrationResponse;
import com.nimbusds.oauth2.sdk.device.DeviceAuthorizationRequest;
import com.nimbusds.oauth2.sdk.device.DeviceAuthorizationResponse;
import com.nimbusds.oauth2.sdk.device.DeviceAuthorizationSuccessResponse;
import com.nimbusds.oauth2.sdk.device.DeviceCodeGrant;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.TokenTypeURI;
import com.nimbusds.oauth2.sdk.token.TypelessAccessToken;
import com.nimbusds.oauth2.sdk.tokenexchange.TokenExchangeGrant;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientInformationResponse;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientMetadata;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientRegistrationRequest;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientRegistrationResponseParser;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import java.net.URI;
import java.util.Date;
import java.util.List;
import net.minidev.json.JSONObject;

/** The Nimbus SDK: the other grants, registration, and what is refused. Each a feature. */
final class Grants {
    private static final String USER_ID = "urn:zitadel:params:oauth:token-type:user_id";

    private static TokenRequest.Builder exchange(
            Party party, String subject, String type, String actor) throws Exception {
        return party
                .grant(new TokenExchangeGrant(new TypelessAccessToken(subject),
                        TokenTypeURI.parse(type),
                        actor == null ? null : new TypelessAccessToken(actor),
                        actor == null ? null : TokenTypeURI.ACCESS_TOKEN, TokenTypeURI.JWT, null))
                .scope(new Scope("openid", "profile"));
    }

    static void exchangeOwnToken(World world) throws Exception {
        var party = new Party(world, "web");
        OIDCTokens tokens = party.signIn();
        String own = tokens.getAccessToken().getValue();
        String jwt = TokenTypeURI.JWT.toString();
        AccessToken made = party.tokens(exchange(party, own, jwt, null).resource(world.uri("api")))
                                   .getAccessToken();
        World.equal(made.getIssuedTokenType(), TokenTypeURI.JWT);
        var claims = Keys.verify(made.getValue(), "at+jwt", world.text("issuer"), world.text("api"),
                party.provider.getJWKSetURI());
        World.equal(claims.getAudience(), List.of(world.text("api")));
        World.refused("invalid_target",
                () -> party.tokens(exchange(party, own, jwt, null)
                                        .resource(URI.create("https://evil.example/"))));
        World.refused("invalid_request",
                () -> party.tokens(exchange(party, World.tampered(own), jwt, null)));
        World.refused("invalid_request",
                () -> party.tokens(exchange(party, tokens.getRefreshToken().getValue(),
                                TokenTypeURI.REFRESH_TOKEN.toString(), null)));
        World.refused("unauthorized_client", () -> {
            var other = new Party(world, "keyed");
            return other.tokens(exchange(other, own, jwt, null));
        });
    }

    /**
     * The exchange of ZITADEL's guest guide: by the guest's id, vouched for by the service
     * account.
     */
    static void impersonateGuest(World world) throws Exception {
        String guest = world.guest();
        String pat = world.service().getAsString("pat");
        for (String kind : List.of("web", "public")) {
            var party = new Party(world, kind);
            OIDCTokens made = party.tokens(exchange(party, guest, USER_ID, pat));
            var claims = Keys.verify(made.getAccessToken().getValue(), "at+jwt",
                    world.text("issuer"), party.id.getValue(), party.provider.getJWKSetURI());
            World.equal(claims.getSubject(), guest);
            World.equal(
                    claims.getJSONObjectClaim("act").get("sub"), world.service().getAsString("id"));
            World.equal(party.verify(made, null).getSubject().getValue(), guest);
            World.refused(
                    "invalid_", () -> party.tokens(exchange(party, guest, USER_ID, "made up")));
            World.refused("400", () -> party.tokens(exchange(party, guest, USER_ID, null)));
            World.refused("403", () -> party.tokens(exchange(party, world.text("sub"), USER_ID, pat)));
        }
    }

    private static DeviceAuthorizationSuccessResponse begin(Party party) throws Exception {
        var request = new DeviceAuthorizationRequest.Builder(party.authentication())
                              .scope(new Scope("openid", "profile"))
                              .endpointURI(party.provider.getDeviceAuthorizationEndpointURI())
                              .build();
        var response = DeviceAuthorizationResponse.parse(request.toHTTPRequest().send());
        if (!response.indicatesSuccess())
            throw new Party.Refusal(response.toErrorResponse().getErrorObject());
        return response.toSuccessResponse();
    }

    static void device(World world) throws Exception {
        var party = new Party(world, "web");
        var begun = begin(party);
        World.refused("authorization_pending",
                () -> party.tokens(party.grant(new DeviceCodeGrant(begun.getDeviceCode()))));
        World.refused("slow_down",
                () -> party.tokens(party.grant(new DeviceCodeGrant(begun.getDeviceCode()))));
        var allowed = begin(party);
        world.confirm(allowed.getUserCode().getValue(), "allow");
        OIDCTokens tokens = party.tokens(party.grant(new DeviceCodeGrant(allowed.getDeviceCode())));
        World.equal(party.verify(tokens, null).getSubject().getValue(), world.text("sub"));
        World.refused("invalid_grant",
                () -> party.tokens(party.grant(new DeviceCodeGrant(allowed.getDeviceCode()))));
        var denied = begin(party);
        world.confirm(denied.getUserCode().getValue(), "deny");
        World.refused("access_denied",
                () -> party.tokens(party.grant(new DeviceCodeGrant(denied.getDeviceCode()))));
        World.refused("unauthorized_client", () -> begin(new Party(world, "keyed")));
    }

    static void clientCredentials(World world) throws Exception {
        for (String kind : List.of("web", "keyed")) {
            var party = new Party(world, kind);
            World.equal(party.tokens(party.grant(new ClientCredentialsGrant()))
                                .getAccessToken()
                                .getType()
                                .getValue(),
                    "Bearer");
        }
        var other = new Party(world, "signed");
        World.refused("unauthorized_client",
                () -> other.tokens(other.grant(new ClientCredentialsGrant())));
    }

    /** A service account's token for its key (RFC 7523 section 2.1): no client takes part. */
    static void jwtProfile(World world) throws Exception {
        var party = new Party(world, "web");
        JSONObject key = JSONObjectUtils.getJSONObject(world.service(), "key");
        String user = world.service().getAsString("id");
        AccessToken token = serviceToken(party, key, user, world.text("issuer"));
        World.equal(party.userInfo(token).getUserInfo().getSubject().getValue(), user);
        World.refused(
                "invalid_grant", () -> serviceToken(party, key, user, "https://elsewhere.example"));
        World.refused("invalid_grant",
                () -> serviceToken(party, key, world.text("sub"), world.text("issuer")));
    }

    private static AccessToken serviceToken(
            Party party, JSONObject key, String user, String audience) throws Exception {
        long now = System.currentTimeMillis();
        var claims = new JWTClaimsSet.Builder()
                             .issuer(user)
                             .subject(user)
                             .audience(audience)
                             .issueTime(new Date(now))
                             .expirationTime(new Date(now + 60_000))
                             .build();
        var assertion = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getAsString("keyId")).build(),
                claims);
        assertion.sign(new RSASSASigner(Keys.rsa(key.getAsString("key"))));
        return party
                .tokens(new TokenRequest
                                .Builder(party.provider.getTokenEndpointURI(),
                                        new JWTBearerGrant(assertion))
                                .scope(new Scope("openid")))
                .getAccessToken();
    }

    private static OIDCClientInformationResponse register(Party party, URI redirect)
            throws Exception {
        var metadata = new OIDCClientMetadata();
        metadata.setRedirectionURI(redirect);
        metadata.setName("Registered by itself");
        var request = new OIDCClientRegistrationRequest(
                party.provider.getRegistrationEndpointURI(), metadata, null);
        ClientRegistrationResponse response =
                OIDCClientRegistrationResponseParser.parse(request.toHTTPRequest().send());
        if (response instanceof ClientRegistrationErrorResponse error)
            throw new Party.Refusal(error.getErrorObject());
        return (OIDCClientInformationResponse) response;
    }

    static void registration(World world) throws Exception {
        var known = new Party(world, "web");
        var made = register(known, world.uri("redirectUri")).getOIDCClientInformation();
        World.equal(made.getOIDCMetadata().getName(), "Registered by itself");
        World.equal(made.getRegistrationAccessToken() != null, true);
        World.refused(
                "invalid_redirect_uri", () -> register(known, URI.create("http://evil.example/")));
    }

    static void refusals(World world) throws Exception {
        var party = new Party(world, "web");
        var answer = party.authorize();
        World.refused("invalid_grant",
                () -> party.redeem(new Party.Answer(answer.code(), new CodeVerifier(), null)));
        var used = party.authorize();
        OIDCTokens tokens = party.redeem(used);
        World.refused("invalid_grant", () -> party.redeem(used));
        World.refused("401", () -> party.userInfo(tokens.getAccessToken()));
        var stranger = new Party(world, "web") {
            @Override
            ClientAuthentication authentication() {
                return new ClientSecretBasic(id, new Secret("wrong"));
            }
        };
        World.refused("invalid_client", stranger::signIn);
        World.refused("invalid_client", () -> SignIn.introspect(stranger, tokens.getAccessToken()));
    }

    /** Refused by the library: what it verifies is worth verifying. */
    static void badTokens(World world) throws Exception {
        var party = new Party(world, "web");
        var answer = party.authorize();
        OIDCTokens tokens = party.redeem(answer);
        party.verify(tokens, answer.nonce());
        World.refused("nonce", () -> party.verify(tokens, new Nonce()));
        World.refused("audience", () -> new Party(world, "public").verify(tokens, answer.nonce()));
        var forged = new OIDCTokens(
                World.tampered(tokens.getIDTokenString()), tokens.getAccessToken(), null);
        World.refused("ignature", () -> party.verify(forged, answer.nonce()));
        var swapped =
                new OIDCTokens(tokens.getIDTokenString(), new TypelessAccessToken("another"), null);
        World.refused("at_hash", () -> party.verify(swapped, answer.nonce()));
    }
}
