import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Verifies a license of Biplane offline, with nothing but the JDK (11 or later):
 *
 * <pre>java VerifyLicense.java root.pub.json statement.jwt license.jwt deploymentId</pre>
 *
 * Prints the payload and ends with 0 when the license may be acted on now, else says why not and ends with 1. A program that runs on
 * also remembers the highest "version" of each deployment: a lower one is never taken again.
 */
public class VerifyLicense {
  private static final long SKEW_MS = 60_000;

  private static final class Refused extends RuntimeException {
    Refused(String why) {
      super(why);
    }
  }

  public static void main(String[] args) throws Exception {
    try {
      if (args.length != 4) throw new Refused("give root.pub.json, the key statement, the license and the deployment's id");
      System.out.println(verify(read(args[0]), read(args[1]), read(args[2]), args[3], System.currentTimeMillis()));
    } catch (Refused refused) {
      System.err.println("refused: " + refused.getMessage());
      System.exit(1);
    }
  }

  static String verify(String rootFile, String statement, String license, String deploymentId, long now) throws Exception {
    Map<String, Object> root = object(object(Json.parse(rootFile)).get("publicJwk"));

    String[] signedKey = split(statement, 4 * 1024, "key statement");
    if (!header(signedKey[0], "key-statement+jwt", "key statement").equals(thumbprint(root))) throw new Refused("another root");
    checkSignature(signedKey, root, "key statement");
    Map<String, Object> key = object(Json.parse(text(signedKey[1])));
    if (!"trusted".equals(key.get("state"))) throw new Refused("the key is " + key.get("state"));
    if (now + SKEW_MS < millis(key, "notBefore") || now >= millis(key, "notAfter")) throw new Refused("the key is not valid now");

    String[] signed = split(license, 16 * 1024, "license");
    if (!header(signed[0], "license+jwt", "license").equals(key.get("kid"))) throw new Refused("the license is signed by another key");
    checkSignature(signed, object(key.get("jwk")), "license");
    Map<String, Object> claims = object(Json.parse(text(signed[1])));
    if (!"biplane".equals(claims.get("iss"))) throw new Refused("another issuer");
    // One text, compared whole: a list that also names others is not a license for this deployment.
    if (!("deployment:" + deploymentId).equals(claims.get("aud"))) throw new Refused("the license is not for deployment " + deploymentId);
    if (seconds(claims, "iat") * 1000 > now + SKEW_MS) throw new Refused("the license is from the future");
    if (now >= Math.min(seconds(claims, "exp") * 1000, millis(claims, "graceEndsAt"))) throw new Refused("the license has expired");
    if (now < millis(claims, "startsAt")) throw new Refused("the license is not in force yet");
    if (!"active".equals(claims.get("status"))) throw new Refused("the license is " + claims.get("status"));
    return text(signed[1]);
  }

  /** The three parts; each part must be spelled in the one canonical way. */
  private static String[] split(String compact, int bytesMax, String what) {
    String[] parts = compact.split("\\.", -1);
    if (compact.length() > bytesMax || parts.length != 3) throw new Refused("the " + what + " is no compact JWS");
    for (String part : parts) {
      if (part.isEmpty() || !encode(decode(part)).equals(part)) throw new Refused("the " + what + " is no compact JWS");
    }
    return parts;
  }

  /** Exactly alg, typ and kid: whatever else a header may carry would choose a key or a rule. Returns the key id. */
  private static String header(String part, String typ, String what) {
    Map<String, Object> header = object(Json.parse(text(part)));
    boolean isExact =
        header.keySet().equals(Set.of("alg", "typ", "kid")) && "ES256".equals(header.get("alg")) && typ.equals(header.get("typ"));
    if (!isExact || !(header.get("kid") instanceof String)) throw new Refused("the header of the " + what);
    return (String) header.get("kid");
  }

  private static void checkSignature(String[] parts, Map<String, Object> jwk, String what) throws Exception {
    // A JWS carries r and s, 32 bytes each; Java's usual form of an ECDSA signature is another one.
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initVerify(publicKey(jwk));
    signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
    byte[] bytes = decode(parts[2]);
    if (bytes.length != 64 || !signature.verify(bytes)) throw new Refused("the signature of the " + what);
  }

  private static PublicKey publicKey(Map<String, Object> jwk) throws Exception {
    if (!"EC".equals(jwk.get("kty")) || !"P-256".equals(jwk.get("crv"))) throw new Refused("the key is not on the curve P-256");
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
    parameters.init(new ECGenParameterSpec("secp256r1"));
    ECPoint point = new ECPoint(coordinate(jwk, "x"), coordinate(jwk, "y"));
    ECParameterSpec curve = parameters.getParameterSpec(ECParameterSpec.class);
    return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve));
  }

  private static BigInteger coordinate(Map<String, Object> jwk, String name) {
    return new BigInteger(1, decode((String) jwk.get(name)));
  }

  /** RFC 7638: a statement names the root that signed it by the thumbprint of its key. */
  private static String thumbprint(Map<String, Object> jwk) throws Exception {
    String members =
        String.format("{\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", jwk.get("crv"), jwk.get("kty"), jwk.get("x"), jwk.get("y"));
    return encode(MessageDigest.getInstance("SHA-256").digest(members.getBytes(StandardCharsets.UTF_8)));
  }

  private static long millis(Map<String, Object> claims, String name) {
    return Instant.parse((String) claims.get(name)).toEpochMilli();
  }

  private static long seconds(Map<String, Object> claims, String name) {
    return Long.parseLong(String.valueOf(claims.get(name)));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    if (value instanceof Map) return (Map<String, Object>) value;
    throw new Refused("an object was expected");
  }

  private static String read(String file) throws Exception {
    return Files.readString(Path.of(file)).trim();
  }

  private static byte[] decode(String part) {
    try {
      return Base64.getUrlDecoder().decode(part);
    } catch (IllegalArgumentException notBase64) {
      throw new Refused("a part is not base64url");
    }
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String text(String part) {
    return new String(decode(part), StandardCharsets.UTF_8);
  }

  /** Reads JSON into maps, lists, texts and booleans; numbers stay texts. A member that stands twice is refused. */
  private static final class Json {
    private final String text;
    private int at = 0;

    private Json(String text) {
      this.text = text;
    }

    static Object parse(String text) {
      Json json = new Json(text);
      Object value = json.value(0);
      json.space();
      if (json.at != text.length()) throw new Refused("there is more than one JSON value");
      return value;
    }

    private Object value(int depth) {
      space();
      if (depth > 32 || at >= text.length()) throw new Refused("the JSON cannot be read");
      switch (text.charAt(at)) {
        case '{':
          return members(depth);
        case '[':
          return items(depth);
        case '"':
          return string();
        default:
          return word();
      }
    }

    private Map<String, Object> members(int depth) {
      Map<String, Object> members = new LinkedHashMap<>();
      at += 1;
      if (next('}')) return members;
      do {
        space();
        String name = string();
        expect(':');
        if (members.containsKey(name)) throw new Refused("the member " + name + " stands twice");
        members.put(name, value(depth + 1));
      } while (next(','));
      expect('}');
      return members;
    }

    private List<Object> items(int depth) {
      List<Object> items = new ArrayList<>();
      at += 1;
      if (next(']')) return items;
      do items.add(value(depth + 1));
      while (next(','));
      expect(']');
      return items;
    }

    private String string() {
      if (at >= text.length() || text.charAt(at) != '"') throw new Refused("the JSON cannot be read");
      StringBuilder string = new StringBuilder();
      for (at += 1; at < text.length() && text.charAt(at) != '"'; at += 1) {
        char next = text.charAt(at);
        string.append(next == '\\' ? escaped() : next);
      }
      at += 1;
      if (at > text.length()) throw new Refused("the JSON cannot be read");
      return string.toString();
    }

    private char escaped() {
      at += 1;
      if (at + 4 >= text.length()) throw new Refused("the JSON cannot be read");
      int known = "\"\\/bfnrt".indexOf(text.charAt(at));
      if (known >= 0) return "\"\\/\b\f\n\r\t".charAt(known);
      String hex = text.substring(at + 1, at + 5);
      if (text.charAt(at) != 'u' || !hex.matches("[0-9a-fA-F]{4}")) throw new Refused("the JSON cannot be read");
      at += 4;
      return (char) Integer.parseInt(hex, 16);
    }

    private Object word() {
      int start = at;
      while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at += 1;
      String word = text.substring(start, at);
      if (word.equals("true") || word.equals("false")) return word.equals("true");
      if (word.equals("null")) return null;
      if (!word.matches("-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) throw new Refused("the JSON cannot be read");
      return word;
    }

    private boolean next(char wanted) {
      space();
      if (at >= text.length() || text.charAt(at) != wanted) return false;
      at += 1;
      return true;
    }

    private void expect(char wanted) {
      if (!next(wanted)) throw new Refused("the JSON cannot be read");
    }

    private void space() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at += 1;
    }
  }
}
