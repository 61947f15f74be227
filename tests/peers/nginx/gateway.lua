-- The three functions of the bench for nginx: what is known of a token is remembered by each worker.
local base64 = require "ngx.base64"
local cjson = require "cjson.safe"
local digest = require "openssl.digest"
local lrucache = require "resty.lrucache"
local pkey = require "openssl.pkey"

local PLENTY = 1000000

local gateway = {}
local key, issuer, audience
local remembered = lrucache.new(1024)

function gateway.configure(key_file, wanted_issuer, wanted_audience)
  local file = assert(io.open(key_file))
  key = pkey.new(file:read("*a"))
  file:close()
  issuer, audience = wanted_issuer, wanted_audience
end

local function is_for_us(aud)
  if type(aud) ~= "table" then
    return aud == audience
  end
  for _, one in ipairs(aud) do
    if one == audience then
      return true
    end
  end
  return false
end

local function verify(token)
  local head, payload, signature = token:match("^([^.]+)%.([^.]+)%.([^.]+)$")
  if not head then
    return nil
  end
  local header = cjson.decode(base64.decode_base64url(head) or "")
  local bytes = base64.decode_base64url(signature)
  if type(header) ~= "table" or header.alg ~= "RS256" or not bytes then
    return nil
  end
  local text = digest.new("sha256")
  text:update(head .. "." .. payload)
  if not key:verify(bytes, text) then
    return nil
  end
  local claims = cjson.decode(base64.decode_base64url(payload) or "")
  if type(claims) ~= "table" or claims.iss ~= issuer or not is_for_us(claims.aud) then
    return nil
  end
  return claims
end

local function caller()
  local token = (ngx.var.http_authorization or ""):match("^Bearer (.+)$")
  if not token then
    return nil
  end
  local claims = remembered:get(token)
  if not claims then
    claims = verify(token)
    if not claims then
      return nil
    end
    remembered:set(token, claims)
  end
  local now = ngx.time()
  if not claims.exp or claims.exp <= now or (claims.nbf and claims.nbf > now) then
    return nil
  end
  return claims
end

function gateway.request()
  local claims = caller()
  if not claims then
    return ngx.exit(401)
  end
  ngx.req.set_header("x-user", claims.sub)

  local limits = ngx.shared.limits
  local used = limits:incr(claims.sub, 1, 0, 1)
  local few = ngx.var.uri == "/limited" and limits:incr("few " .. claims.sub, 1, 0, 3600) or 0
  if not used or used > PLENTY or few > 1 then
    return ngx.exit(429)
  end
  ngx.ctx.left = PLENTY - used

  local id, agent = ngx.var.http_x_request_id or "", ngx.var.http_user_agent or ""
  ngx.req.set_header("x-bench", id .. " " .. agent)
end

function gateway.response()
  ngx.header["ratelimit-remaining"] = ngx.ctx.left
  ngx.header["x-content-type-options"] = "nosniff"
end

return gateway
